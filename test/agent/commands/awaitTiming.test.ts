/** How long a member that is to beat otherwise is waited for: others restart before it, and each reads its data. */
import { expect, test } from '@jest/globals';
import { stepTimeoutMs } from '#etcd/upgradeStep.ts';
import { type AwaitTimingContext, awaitTiming } from '../../../agent/commands/awaitTiming.ts';
import type { Observation } from '../../../agent/duties/observe.ts';

const timing = { heartbeatIntervalMs: 150, electionTimeoutMs: 1_500 };
/** What reading the data of one member takes. */
const dataMs = 400;

/** A member that lists so many, and is restarted with the timing so many milliseconds after the command came. */
function restartedAfter(
  restartMs: number,
  members: number,
  during: 'lists' | 'listsNobody' = 'lists',
): AwaitTimingContext {
  const receivedAtMs = performance.now();
  const looks = { count: 0 };
  const seen = {
    name: 'i-1',
    processRunning: true,
    crashLooping: false,
    serverVersion: '3.5.35',
    clusterVersion: '3.5.0',
    leaderId: 'a',
    learner: false,
    readAndWrite: { ok: true as const },
    members: ['i-1'],
    alarms: [],
    offersHttp2: null,
  };
  const listed = Array.from({ length: members }, (_, index) => ({
    id: `${index}`,
    name: `i-${index}`,
    isLearner: false,
  }));
  return {
    identity: { instanceId: 'i-1' },
    receivedAtMs,
    withDataMs: (timeoutMs: number) => stepTimeoutMs(timeoutMs, dataMs * 5_000),
    observe: async () => {
      const nobody = during === 'listsNobody' && looks.count++ > 0;
      return { pid: 7, seen, member: nobody ? null : { members: listed } } as unknown as Observation;
    },
    tuning: { current: () => ({ timing }), isPending: () => performance.now() - receivedAtMs < restartMs },
  } as unknown as AwaitTimingContext;
}

test.each([
  ['as long as its data takes, where it is alone', 350, 1],
  ['for the data of each of five that restart one after the other', 1_700, 5],
])('it is waited for, beyond what was asked for, %s', async (_, restartMs, members) => {
  const timed = await awaitTiming({ timing, timeoutMs: 50 }, restartedAfter(restartMs, members));
  expect(timed).toMatchObject({ member: 'i-1' });
  expect(timed.waitedMs).toBeGreaterThanOrEqual(restartMs);
});

test('the others count although it lists nobody while its etcd restarts', async () => {
  const timed = await awaitTiming({ timing, timeoutMs: 50 }, restartedAfter(1_000, 5, 'listsNobody'));
  expect(timed.waitedMs).toBeGreaterThanOrEqual(1_000);
});

test('after that it is a fault that says what is missing', async () => {
  await expect(awaitTiming({ timing, timeoutMs: 50 }, restartedAfter(60_000, 2))).rejects.toMatchObject({
    name: 'MemberNotHealthy',
    message: expect.stringContaining('was not restarted with it'),
  });
});
