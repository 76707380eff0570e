/** What an agent does all the time beside keeping its member: the duties, each in its own rhythm. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../machine/log.ts';
import type { HousekeepingRound } from '../protocol.ts';
import { createHousekeeping, type HousekeepingOptions } from './housekeeping.ts';
import { type LeaveOptions, leaveWhenTerminated } from './leave.ts';
import type { Observation } from './observe.ts';
import { type PromoteOptions, promote } from './promote.ts';

export interface StandingOptions extends HousekeepingOptions, LeaveOptions, PromoteOptions {
  readonly log: Log;
  /** Of this member, at most half a second old. */
  readonly observe: () => Promise<Observation>;
}

export interface Standing {
  /** The last round of housekeeping; null where this agent has not been the leader's. */
  readonly round: HousekeepingRound | null;
}

const promoteEveryMs = 500;
const housekeepEveryMs = 5_000;

/** Starts them all; they run until the process ends. */
export function startStandingDuties(options: StandingOptions): Standing {
  const { log, observe } = options;
  const housekeeping = createHousekeeping(options);
  let round: HousekeepingRound | null = null;
  let leaving = false;

  void leaveWhenTerminated({
    ...options,
    enter(phase, reason) {
      leaving = true;
      options.enter(phase, reason);
    },
  });
  repeat('promotion', promoteEveryMs, log, async () => {
    const { member, seen } = await observe();
    if (leaving || member?.id == null || !seen.learner) return;
    const { done, reason } = await promote(member.id, options);
    if (!done) log('not promoted yet', { reason });
  });
  repeat('housekeeping', housekeepEveryMs, log, async () => {
    const { member } = await observe();
    if (leaving || !member?.isLeader) {
      round = null;
      return;
    }
    ({ round } = await housekeeping.round());
  });
  return {
    get round() {
      return round;
    },
  };
}

/** Again and again with a pause between; a failure is said and is no end. */
function repeat(duty: string, pauseMs: number, log: Log, work: () => Promise<void>): void {
  void (async () => {
    for (;;) {
      await sleep(pauseMs);
      await work().catch((error: Error) => log('duty failed', { duty, error: error.message }, 'warn'));
    }
  })();
}
