/** Which member's database is defragmented next, if any. Pure. */

export interface StoredMember {
  readonly memberId: string;
  readonly healthy: boolean;
  readonly isLeader: boolean;
  readonly database: Database | null;
  /** Milliseconds since this agent had it defragmented; infinite where it has not. */
  readonly sinceDefragmentedMs: number;
}

export interface Database {
  readonly bytes: number;
  /** Null where etcd does not tell (before 3.4). */
  readonly inUseBytes: number | null;
}

export interface DefragmentationPolicy {
  /** Of the file's bytes, in percent, that must be free; 100: never. */
  readonly abovePercent: number;
  /** Smaller files are left alone, in bytes. */
  readonly fromBytes: number;
}

export interface DefragmentationDecision {
  readonly memberId: string;
  readonly reason: string;
}

/** A database that is as fragmented again sooner has another cause: an operator looks first. */
export const defragmentAgainMs = 3_600_000;

/**
 * One member at a time, the leader last, and only while every member is healthy: defragmentation blocks the member it runs on
 * (etcd operations guide: maintenance, defragmentation).
 */
export function defragmentationDecision(
  members: readonly StoredMember[],
  policy: DefragmentationPolicy,
): DefragmentationDecision | null {
  if (members.length === 0 || members.some(({ healthy }) => !healthy)) return null;
  const [next] = members
    .filter((member) => freePercent(member) > policy.abovePercent)
    .filter(({ database }) => (database?.bytes ?? 0) >= policy.fromBytes)
    .filter(({ sinceDefragmentedMs }) => sinceDefragmentedMs >= defragmentAgainMs)
    .sort((a, b) => Number(a.isLeader) - Number(b.isLeader) || freePercent(b) - freePercent(a));
  if (next === undefined) return null;
  return {
    memberId: next.memberId,
    reason: `${freePercent(next)} % of its database of ${next.database?.bytes} bytes are free`,
  };
}

function freePercent({ database }: StoredMember): number {
  if (database === null || database.inUseBytes === null || database.bytes === 0) return 0;
  return Math.floor((1 - database.inUseBytes / database.bytes) * 100);
}
