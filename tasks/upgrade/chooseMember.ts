import { Fault } from '#etcd/faults.ts';
import { surveyMembers, untilSteady } from '../agents/ask.ts';
import { readGroup } from '../aws/group.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { stayingInstances } from '../plan/group.ts';
import { chooseMember } from '../plan/upgradeMembers.ts';

type Input = Tasks['chooseMember']['input'];

/** Decides by what the members run now who is next. @throws Fault `MemberNotHealthy` where nobody may be touched */
export async function handler({
  execution,
  token,
  leaseSeconds,
  hop,
}: Input): Promise<Tasks['chooseMember']['output']> {
  await renewLease({ holder: execution, token }, leaseSeconds);
  const choice = await untilSteady(async () => {
    const group = await readGroup();
    const surveys = await surveyMembers(
      stayingInstances(group).map(({ instanceId }) => instanceId),
      execution,
    );
    const seen = chooseMember(surveys, hop);
    return { seen, passing: seen.verdict === 'halted' ? seen.problems : [] };
  });
  if (choice.verdict === 'halted')
    throw new Fault('MemberNotHealthy', `nothing more is upgraded: ${choice.problems.join('; ')}`);
  return choice.next;
}
