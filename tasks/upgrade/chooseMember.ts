import { Fault } from '#etcd/faults.ts';
import { surveyMembers, untilSteady } from '../agents/ask.ts';
import { readGroups } from '../aws/group.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { stayingInAll } from '../plan/group.ts';
import { chooseMember } from '../plan/upgradeMembers.ts';

type Input = Tasks['chooseMember']['input'];

/** Decides by what the members run now who is next. @throws Fault `MemberNotHealthy` where nobody may be touched */
export async function handler({
  execution,
  token,
  leaseSeconds,
  hop,
  previous,
}: Input): Promise<Tasks['chooseMember']['output']> {
  await renewLease({ holder: execution, token }, leaseSeconds);
  const choice = await untilSteady(async () => {
    const groups = await readGroups();
    const surveys = await surveyMembers(
      stayingInAll(groups).map(({ instanceId }) => instanceId),
      execution,
    );
    const seen = chooseMember(surveys, hop, previous);
    return { seen, passing: seen.verdict === 'halted' ? seen.problems : [] };
  });
  if (choice.verdict === 'halted')
    throw new Fault('MemberNotHealthy', `nothing more is upgraded: ${choice.problems.join('; ')}`);
  return choice.next;
}
