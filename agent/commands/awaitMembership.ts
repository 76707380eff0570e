/** Waits for a change of the membership that others make: what this member lists, polled where it costs nothing. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '#etcd/faults.ts';
import { judge } from '../duties/observe.ts';
import type { AwaitMemberGoneInput, AwaitNewMemberInput, Commands, NewMember } from '../protocol.ts';
import type { AwaitHealthyContext } from './awaitHealthy.ts';

type Context = Omit<AwaitHealthyContext, 'phase'>;

const pollMs = 200;

/**
 * Waits until another voter is there: it has started, and a learner was promoted.
 * @throws Fault `NoNewMember` at the deadline, with what this member lists
 */
export async function awaitNewMember(
  { knownMembers, timeoutMs }: AwaitNewMemberInput,
  context: Context,
): Promise<NewMember> {
  for (;;) {
    const { member, healthy } = await look(context);
    const listed = member?.members ?? [];
    const newcomer = listed.find(({ name, isLearner }) => name !== '' && !isLearner && !knownMembers.includes(name));
    if (healthy && newcomer !== undefined)
      return { name: newcomer.name, instanceId: newcomer.name, waitedMs: waitedMs(context) };
    const longestMs = context.withDataMs(timeoutMs);
    if (waitedMs(context) >= longestMs) {
      const underway = listed.filter(({ name }) => !knownMembers.includes(name)).map(nameOf);
      const seen = underway.length === 0 ? 'nobody new' : underway.join(', ');
      throw new Fault(
        'NoNewMember',
        `no new member joined within ${longestMs / 1000} s; ${context.name} lists ${seen}`,
      );
    }
    await sleep(pollMs);
  }
}

/**
 * Waits until a member has left.
 * @throws Fault `MemberNotGone` at the deadline
 */
export async function awaitMemberGone(
  { name, timeoutMs }: AwaitMemberGoneInput,
  context: Context,
): Promise<Commands['awaitMemberGone']['result']> {
  for (;;) {
    const { member, healthy } = await look(context);
    if (healthy && member?.members.every((listed) => listed.name !== name))
      return { gone: name, waitedMs: waitedMs(context) };
    if (waitedMs(context) >= timeoutMs) {
      const seen = healthy ? `${context.name} still lists it` : `${context.name} is not healthy itself`;
      throw new Fault('MemberNotGone', `the member ${name} did not leave within ${timeoutMs / 1000} s: ${seen}`);
    }
    await sleep(pollMs);
  }
}

async function look({ observe }: Context) {
  const observation = await observe();
  const healthy = judge(observation, { version: null, members: [] }).verdict === 'healthy';
  return { member: observation.member, healthy };
}

/** From the moment at which the command was received, also after a restart of the agent. */
function waitedMs({ receivedAtMs }: Context): number {
  return performance.now() - receivedAtMs;
}

function nameOf({ id, name, isLearner }: { readonly id: string; readonly name: string; readonly isLearner: boolean }) {
  if (name === '') return `the member ${id}, which has not started`;
  return isLearner ? `${name}, still a learner` : name;
}
