import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '#etcd/faults.ts';
import { judge, type Observation } from '../duties/observe.ts';
import type { AgentPhase, AwaitHealthyInput, HealthyMember } from '../protocol.ts';

export interface AwaitHealthyContext {
  readonly name: string;
  observe(): Promise<Observation>;
  phase(): { readonly phase: AgentPhase; readonly reason: string };
  /** When the command was received, in milliseconds of the monotonic clock: the deadline counts from there, also after a restart. */
  readonly receivedAtMs: number;
  /** What a wait of so many milliseconds may take with the data that this member has now: a newcomer fetches all of it. */
  withDataMs(timeoutMs: number): number;
}

const pollMs = 200;

/**
 * Waits until this member is healthy.
 * @throws Fault `MemberNotHealthy` at the deadline, with what was missing; `MemberCrashLooping` at once
 */
export async function awaitHealthy(input: AwaitHealthyInput, context: AwaitHealthyContext): Promise<HealthyMember> {
  const expected = { version: input.etcdVersion, members: input.members };
  for (;;) {
    const observation = await context.observe();
    const health = judge(observation, expected);
    const { seen, member } = observation;
    if (health.verdict === 'healthy' && member !== null && member.id !== null) {
      return {
        member: context.name,
        memberId: member.id,
        clusterId: member.clusterId ?? '',
        etcdVersion: seen.serverVersion ?? '',
        clusterVersion: seen.clusterVersion,
        isLeader: member.isLeader,
        members: [...(seen.members ?? [])].sort(),
        waitedMs: performance.now() - context.receivedAtMs,
      };
    }
    if (seen.crashLooping) {
      throw new Fault(
        'MemberCrashLooping',
        `etcd on ${context.name} exits again and again; its log is /var/log/etcd/etcd.log or the journal of etcd.service`,
      );
    }
    const longestMs = context.withDataMs(input.timeoutMs);
    if (performance.now() - context.receivedAtMs >= longestMs)
      throw new Fault('MemberNotHealthy', sentence(context, health, longestMs));
    await sleep(pollMs);
  }
}

function sentence(context: AwaitHealthyContext, health: ReturnType<typeof judge>, timeoutMs: number): string {
  const { phase, reason } = context.phase();
  const reasons = health.verdict === 'healthy' ? [] : health.reasons;
  const state = phase === 'running' ? '' : `; the agent is ${phase}: ${reason}`;
  return `the member ${context.name} was not healthy within ${timeoutMs / 1000} s: ${reasons.join('; ')}${state}`;
}
