/** How long it may take to read, or to fetch, all that a member may hold: waits in the agents grow by that. Pure. */
import { stepTimeoutMs } from '#etcd/upgradeStep.ts';

export interface MemberTimes {
  readonly memberHealthyTimeoutSeconds: number;
  /** Of etcd's database, in MiB. */
  readonly quotaMiB: number;
}

/** The most that a member's data adds to an agent's deadline, in seconds: a database that is full, and the one that replaces it. */
export function dataSeconds({ quotaMiB }: Pick<MemberTimes, 'quotaMiB'>): number {
  return Math.ceil(stepTimeoutMs(0, 2 * quotaMiB * 1024 ** 2) / 1000);
}
