/** The record of an upgrade, as its tasks write it on. Pure. */
import type { UpgradeRecord } from '#etcd/record.ts';
import type { FlippedMember } from '../../agent/protocol.ts';
import type { CheckedUpgrade, Hop, UpgradePlan } from '../catalogue.ts';

export interface Beginning {
  readonly cluster: string;
  /** ARN. */
  readonly execution: string;
  readonly token: number;
  /** ISO 8601 */
  readonly now: string;
  readonly request: CheckedUpgrade;
  readonly plan: UpgradePlan;
}

/** A new upgrade keeps of the last one only when the cluster version changed; what goes on with one keeps all. */
export function begunUpgrade(before: UpgradeRecord | null, beginning: Beginning): UpgradeRecord {
  const { cluster, execution, token, now, request, plan } = beginning;
  const kept = { cluster, item: 'upgrade', execution, token } as const;
  if (before !== null && request.action === 'rollBack')
    return { ...before, ...kept, to: plan.to, ...(before.current && { current: { ...before.current, back: true } }) };
  if (before !== null && request.action !== 'upgrade') return { ...before, ...kept, ...forwardAgain(before, plan) };
  const { flip } = before ?? {};
  // What a halted one had not seen the end of is finished first.
  const open = before?.endedAt === undefined && before?.current?.back !== true ? before?.current : undefined;
  return {
    ...kept,
    from: plan.from,
    to: plan.to,
    strategy: request.strategy,
    v2Keys: request.v2Keys,
    beganAt: now,
    done: [],
    ...(flip !== undefined && { flip }),
    ...(open !== undefined && { current: open }),
  };
}

/** What a rollback had taken back goes forward where it is too late for that. */
function forwardAgain({ current }: UpgradeRecord, { hops, to }: UpgradePlan): Partial<UpgradeRecord> {
  if (current?.back !== true || hops[0]?.kind === 'rollBack') return {};
  return { to, current: { from: current.from, to: current.to } };
}

export function withHop(record: UpgradeRecord, { kind, from, to }: Hop): UpgradeRecord {
  // What a rollback takes back stays noted until it is done: it may be halted, too.
  return kind === 'rollBack' ? record : { ...record, current: { from, to } };
}

/** @param flipped what the members reported after the last of them was swapped */
export function notedHop(
  record: UpgradeRecord,
  { to, deletesV2Keys }: Hop,
  flipped: readonly FlippedMember[],
  endedAt: string,
): UpgradeRecord {
  const { current: _, ...rest } = record;
  const clusterVersion = flipped[0]?.clusterVersion ?? '';
  const raftIndex = Math.max(0, ...flipped.map((member) => member.raftIndex));
  const changed = record.flip?.clusterVersion !== clusterVersion && clusterVersion !== '';
  return {
    ...rest,
    done: [...record.done, { to, endedAt }],
    ...(deletesV2Keys && { v2Keys: 'deleted' }),
    ...(changed && { flip: { clusterVersion, raftIndex } }),
  };
}
