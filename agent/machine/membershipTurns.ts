/**
 * One membership change at a time in the whole cluster: an agent takes the turn in the record, looks again, changes one
 * thing, and gives it back. No clock is trusted across machines: a turn that somebody holds is taken over only after this
 * agent has seen it unchanged for as long as it lasts, on its own monotonic clock.
 */

import type { MembershipTurn, Newcomer } from '#etcd/record.ts';
import { type Clock, systemClock } from './clock.ts';
import type { ClusterRecord } from './record.ts';

export interface TurnInHand {
  /** Call it right before each change. @throws Error where the turn may have run out meanwhile. */
  check(): void;
}

export interface MembershipTurns {
  /**
   * Runs the work while this agent has the turn.
   * @param newcomer the instance that the work will add: noted before, so that a crash leaves no member of unknown origin
   * @returns what the work returns, or `busy` where another agent has it
   * @throws Error where the record cannot be read or written, or the work failed
   */
  take<T>(purpose: string, work: (turn: TurnInHand) => Promise<Done<T>>, newcomer?: Newcomer): Promise<Taken<T>>;
  /** Resolves when no turn of this agent is under way or waited for that was asked for before. */
  settled(): Promise<void>;
  /** @throws Error as `take` */
  state(): Promise<TurnState>;
}

export interface TurnState {
  /** Milliseconds since anybody's last change, as far as this agent can know. */
  readonly sinceChangeMs: number;
  readonly newcomer: Newcomer | null;
}

export interface Done<T> {
  /** Whether the membership was changed. */
  readonly changed: boolean;
  readonly result: T;
}

export type Taken<T> = { readonly busy: null; readonly result: T } | { readonly busy: string };

/** How long a turn lasts, in milliseconds, and how much of it must be left for a change to be begun. */
export const turnMs = 30_000;
const marginMs = 10_000;

export function createMembershipTurns(
  record: ClusterRecord,
  instanceId: string,
  clock: Clock = systemClock,
): MembershipTurns {
  const { monotonicMs } = clock;
  let seenTurn: { readonly token: number; readonly atMs: number } | null = null;
  let seenChange: { readonly changedAtMs: number; readonly atMs: number } | null = null;
  let own: Promise<unknown> = Promise.resolve();

  function note(turn: MembershipTurn | null): void {
    if (turn === null) return;
    if (seenTurn?.token !== turn.token) seenTurn = { token: turn.token, atMs: monotonicMs() };
    const { changedAtMs } = turn;
    if (changedAtMs !== undefined && seenChange?.changedAtMs !== changedAtMs)
      seenChange = { changedAtMs, atMs: monotonicMs() };
  }

  async function read(): Promise<MembershipTurn | null> {
    const turn = await record.readTurn();
    note(turn);
    return turn;
  }

  function busyWith(turn: MembershipTurn | null): string | null {
    if (turn?.holder === undefined || turn.holder === instanceId) return null;
    const unchangedMs = monotonicMs() - (seenTurn?.atMs ?? monotonicMs());
    return unchangedMs >= turnMs ? null : `${turn.holder} is changing the membership (${turn.purpose})`;
  }

  async function take<T>(
    purpose: string,
    work: (turn: TurnInHand) => Promise<Done<T>>,
    newcomer?: Newcomer,
  ): Promise<Taken<T>> {
    const before = await read();
    const busy = busyWith(before);
    if (busy !== null) return { busy };
    if (before?.holder !== undefined) await tell(before, 'its holder never gave it back');
    const token = (before?.token ?? 0) + 1;
    const kept = { ...keptOf(before), ...(newcomer !== undefined && { newcomer }) };
    const takenAtMs = monotonicMs();
    const held = { holder: instanceId, purpose, token, untilMs: clock.epochMs() + turnMs, ...kept };
    if (!(await record.replaceTurn(before, held))) return { busy: 'another agent was faster' };
    note({ cluster: '', item: 'membership', ...held });
    const giveBack = async (changed: boolean) => {
      // Where nobody was added, the note of the one that was added before stays.
      const after = changed ? { token, ...kept, changedAtMs: clock.epochMs() } : { token, ...keptOf(before) };
      // Where this fails, the turn ends by itself.
      await record.replaceTurn({ cluster: '', item: 'membership', ...held }, after).catch(() => false);
    };
    try {
      const { changed, result } = await work({ check: () => requireRest(monotonicMs() - takenAtMs) });
      await giveBack(changed);
      return { busy: null, result };
    } catch (error) {
      // A change that got no answer may have been made. Unless the trail knows, the turn stays: who takes it next tells it.
      const told = await tell(held, (error as Error).message).then(
        () => true,
        () => false,
      );
      if (told) await giveBack(true);
      throw error;
    }
  }

  /** No change is ever made that the audit trail does not know at least the attempt of. */
  function tell({ holder, purpose, token, newcomer }: Omit<MembershipTurn, 'cluster' | 'item'>, why: string) {
    const what = `outcome unknown: the turn of ${holder} (${purpose}) ended without a word of what it changed`;
    return record.audit({ what, why, before: { holder, purpose, token, newcomer } });
  }

  return {
    take(purpose, work, newcomer) {
      const mine = own.then(() => take(purpose, work, newcomer));
      own = mine.catch(() => undefined);
      return mine;
    },
    settled: () => own.then(() => undefined),
    async state() {
      const { changedAtMs, newcomer = null } = (await read()) ?? {};
      return { sinceChangeMs: sinceMs(changedAtMs), newcomer };
    },
  };

  function sinceMs(changedAtMs: number | undefined): number {
    if (changedAtMs === undefined) return Number.POSITIVE_INFINITY;
    // A stamp that is behind ours makes a change look older than it is: only what this agent watched itself is certain.
    const watchedMs = monotonicMs() - (seenChange?.atMs ?? monotonicMs());
    const byClockMs = clock.epochMs() - changedAtMs;
    return byClockMs > clockToleranceMs ? byClockMs : watchedMs;
  }
}

/** What stays from one turn to the next. */
function keptOf(turn: MembershipTurn | null): Pick<MembershipTurn, 'changedAtMs' | 'newcomer'> {
  const { changedAtMs, newcomer } = turn ?? {};
  return { ...(changedAtMs !== undefined && { changedAtMs }), ...(newcomer !== undefined && { newcomer }) };
}

/** Stamps are AWS's time, which agents know to a second or two; an older change needs no watching. */
const clockToleranceMs = 60_000;

function requireRest(heldMs: number): void {
  const leftMs = turnMs - heldMs;
  if (leftMs < marginMs)
    throw new Error(`the turn to change the membership has run out (${Math.round(leftMs)} ms are left)`);
}
