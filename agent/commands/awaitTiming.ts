/** Waits for a restart that this agent makes by itself: in its turn, with its gates. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '#etcd/faults.ts';
import { sameTiming } from '#etcd/timing.ts';
import { judge } from '../duties/observe.ts';
import type { Tuning } from '../duties/tuning.ts';
import type { AwaitTimingInput, TimedMember } from '../protocol.ts';
import type { AwaitHealthyContext } from './awaitHealthy.ts';
import type { UpgradeContext } from './upgradeContext.ts';

const pollMs = 300;

export type AwaitTimingContext = Pick<UpgradeContext, 'identity' | 'observe' | 'receivedAtMs'> &
  Pick<AwaitHealthyContext, 'withDataMs'> & { readonly tuning: Pick<Tuning, 'current' | 'isPending'> };

/** @throws Fault `MemberNotHealthy` at the deadline, with what is missing */
export async function awaitTiming(
  { timing, timeoutMs }: AwaitTimingInput,
  { identity, observe, receivedAtMs, withDataMs, tuning }: AwaitTimingContext,
): Promise<TimedMember> {
  let members = 1;
  for (;;) {
    const known = sameTiming(tuning.current()?.timing, timing);
    const applied = known && !tuning.isPending();
    const observation = await observe();
    const health = judge(observation, { version: null, members: [] });
    // While its own etcd restarts it lists nobody.
    members = Math.max(members, observation.member?.members.length ?? 0);
    const waitedMs = Math.round(performance.now() - receivedAtMs);
    if (applied && health.verdict === 'healthy') return { member: identity.instanceId, waitedMs };
    // Each of them reads its data when it starts, of which all have the same, and this one may be the last.
    if (waitedMs >= timeoutMs + members * withDataMs(0)) {
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
