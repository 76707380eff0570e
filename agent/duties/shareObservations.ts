/** One look at etcd serves all who ask within a short time: the status endpoint, commands that wait, duties. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, systemClock } from '../machine/clock.ts';
import type { Observation } from './observe.ts';

export interface SharedObservations {
  /** Of the process that runs now, at most half a second old. */
  fresh(): Promise<Observation>;
  /** The fresh one, or, where that takes longer than `patienceMs`, the last one of the process that runs now. */
  within(patienceMs: number): Promise<Observation>;
}

const sharedMs = 500;

interface Look {
  readonly atMs: number;
  readonly answer: Promise<Observation>;
  /** Once it is there. */
  value: Observation | null;
}

/** @param currentPid what an earlier process was seen to do is never told of the one that runs now */
export function shareObservations(
  observe: () => Promise<Observation>,
  currentPid: () => number | null,
  { monotonicMs }: Pick<Clock, 'monotonicMs'> = systemClock,
): SharedObservations {
  let latest: Look | null = null;
  let last: Observation | null = null;

  function holds(observation: Observation): boolean {
    return observation.pid === currentPid();
  }

  function look(): Look {
    const young = latest !== null && monotonicMs() - latest.atMs <= sharedMs;
    if (latest !== null && young && (latest.value === null || holds(latest.value))) return latest;
    const answer = observe();
    const begun: Look = { atMs: monotonicMs(), answer, value: null };
    answer.then(
      (value) => {
        begun.value = value;
        last = value;
      },
      () => undefined,
    );
    latest = begun;
    return begun;
  }

  return {
    fresh: () => look().answer,
    async within(patienceMs) {
      const { answer } = look();
      if (last === null || !holds(last)) return answer;
      return Promise.race([answer, sleep(patienceMs, last, { ref: false })]);
    },
  };
}
