/** What the leader's agent does every few seconds: removes a member whose instance is gone, says what it finds. */
import { housekeepingDecision } from '#etcd/housekeeping.ts';
import type { LockRecord } from '#etcd/record.ts';
import { wantedInAll } from '#etcd/regions.ts';
import { type Clock, systemClock } from '../machine/clock.ts';
import type { Log } from '../machine/log.ts';
import type { MembershipTurns } from '../machine/membershipTurns.ts';
import type { ClusterRecord } from '../machine/record.ts';
import type { HousekeepingRound as Round } from '../protocol.ts';
import { type EtcdAccess, etcdOverHttp } from './etcdAccess.ts';
import type { Look, Surroundings } from './surroundings.ts';

export interface HousekeepingOptions {
  readonly record: ClusterRecord;
  readonly turns: MembershipTurns;
  readonly look: () => Promise<Look>;
  readonly log: Log;
  readonly etcd?: EtcdAccess;
  readonly clock?: Clock;
}

export interface Housekeeping {
  /**
   * One round; anything that is not known changes nothing.
   * @returns what it saw too, for the duties that follow; null where they have to rest as well
   */
  round(): Promise<{ readonly round: Round; readonly seen: Surroundings | null }>;
}

const changeTimeoutMs = 7_000;

export function createHousekeeping(options: HousekeepingOptions): Housekeeping {
  const { record, turns, look, log, etcd = etcdOverHttp, clock = systemClock } = options;
  const firstSeen = new Map<string, number>();
  let said = '';

  async function round(): Promise<{ round: Round; seen: Surroundings | null }> {
    const held = await lockHeld(record);
    if (held !== null) return { ...paused(held), seen: await seenBeside() };
    const view = await look();
    if (view.seen === null) return paused(view.reason);
    const { remove, findings } = decide(view.seen);
    if (remove !== null) {
      const taken = await turns.take(`remove ${remove.memberId}`, (turn) =>
        removeAgain(remove.memberId, () => turn.check()),
      );
      if (taken.busy !== null) log('removal put off', { reason: taken.busy });
    }
    return { round: { at: new Date().toISOString(), paused: null, findings }, seen: view.seen };
  }

  /** An operation under which instances come and go wants DNS to follow; under any other one, DNS stays as it is. */
  async function seenBeside(): Promise<Surroundings | null> {
    const lock = await record.readLock();
    if (lock?.joins !== true) return null;
    const view = await look();
    return view.seen;
  }

  function decide(seen: Surroundings) {
    const now = clock.monotonicMs();
    for (const { id } of seen.members) if (!firstSeen.has(id)) firstSeen.set(id, now);
    for (const id of firstSeen.keys()) if (!seen.members.some((member) => member.id === id)) firstSeen.delete(id);
    const seenForMs = new Map([...firstSeen].map(([id, at]) => [id, now - at]));
    const { members, regions, sinceChangeMs } = seen;
    return housekeepingDecision({ members, wanted: wantedInAll(regions), sinceChangeMs, seenForMs });
  }

  /** As the turn's holder, from a new look, and only what a new look at the lock allows. */
  async function removeAgain(memberId: string, check: () => void): Promise<{ changed: boolean; result: null }> {
    const view = await look();
    const held = await lockHeld(record);
    if (view.seen === null || held !== null) return { changed: false, result: null };
    const { seen } = view;
    const { remove } = decide(seen);
    const through = seen.peers.find(({ healthy }) => healthy);
    if (remove?.memberId !== memberId || through === undefined) return { changed: false, result: null };
    check();
    await etcd.membership({ ...through, timeoutMs: changeTimeoutMs }).remove(memberId);
    log('membership changed', { remove, through: through.address });
    const before = seen.members.map(({ id, name }) => `${id} ${name}`);
    const after = before.filter((text) => !text.startsWith(`${memberId} `));
    await record.audit({ what: `member ${memberId} removed`, why: remove.reason, before, after });
    return { changed: true, result: null };
  }

  return {
    async round() {
      const result = await round().catch((error: Error) => paused(error.message));
      const text = JSON.stringify([result.round.paused, result.round.findings]);
      if (text !== said) {
        const level = result.round.paused === null && result.round.findings.length === 0 ? 'info' : 'warn';
        log(
          'housekeeping',
          { paused: result.round.paused, findings: result.round.findings.map((one) => one.text) },
          level,
        );
      }
      said = text;
      return result;
    },
  };
}

function paused(reason: string): { readonly round: Round; readonly seen: null } {
  return { round: { at: new Date().toISOString(), paused: reason, findings: [] }, seen: null };
}

/**
 * Why nothing may be changed now; an agent that cannot read the lock behaves as if it were held.
 * @param admits an operation that lets the change happen while it holds the lock
 */
export async function lockHeld(
  record: Pick<ClusterRecord, 'readLock'>,
  admits: (lock: LockRecord) => boolean = () => false,
): Promise<string | null> {
  try {
    const lock = await record.readLock();
    return lock?.holder === undefined || admits(lock) ? null : `${lock.holder} holds the lock (${lock.purpose})`;
  } catch (error) {
    return `the lock cannot be read: ${(error as Error).message}`;
  }
}
