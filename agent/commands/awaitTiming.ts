/** Waits for a restart that this agent makes by itself: in its turn, with its gates. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '#etcd/faults.ts';
import { sameTiming } from '#etcd/timing.ts';
import { judge } from '../duties/observe.ts';
import type { Tuning } from '../duties/tuning.ts';
import type { AwaitTimingInput, TimedMember } from '../protocol.ts';
import type { UpgradeContext } from './upgradeContext.ts';

const pollMs = 300;

/** @throws Fault `MemberNotHealthy` at the deadline, with what is missing */
export async function awaitTiming(
  { timing, timeoutMs }: AwaitTimingInput,
  {
    identity,
    observe,
    receivedAtMs,
    tuning,
  }: UpgradeContext & { readonly tuning: Pick<Tuning, 'current' | 'isPending'> },
): Promise<TimedMember> {
  for (;;) {
    const known = sameTiming(tuning.current()?.timing, timing);
    const applied = known && !tuning.isPending();
    const health = judge(await observe(), { version: null, members: [] });
    const waitedMs = Math.round(performance.now() - receivedAtMs);
    if (applied && health.verdict === 'healthy') return { member: identity.instanceId, waitedMs };
    if (waitedMs >= timeoutMs) {
      const why = known
        ? 'was not restarted with it: the others have to be healthy'
        : 'has not read it from the record';
      const state =
        applied && health.verdict !== 'healthy' ? `runs with it and is not healthy: ${health.reasons.join('; ')}` : why;
      throw new Fault(
        'MemberNotHealthy',
        `${identity.instanceId} ${state} (heartbeat ${timing.heartbeatIntervalMs} ms)`,
      );
    }
    await sleep(pollMs);
  }
}
