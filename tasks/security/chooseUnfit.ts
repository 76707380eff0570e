import { Fault } from '#etcd/faults.ts';
import { surveyMembers, untilSteady } from '../agents/ask.ts';
import { readGroups } from '../aws/group.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { stayingInAll } from '../plan/group.ts';
import { chooseUnfit } from '../plan/memberSecurity.ts';

type Input = Tasks['chooseUnfit']['input'];

/** Decides by what the members serve now who is next. @throws Fault `MemberNotHealthy` where nobody may be touched */
export async function handler(input: Input): Promise<Tasks['chooseUnfit']['output']> {
  const { execution, token, leaseSeconds, wanted, previous } = input;
  await renewLease({ holder: execution, token }, leaseSeconds);
  const choice = await untilSteady(async () => {
    const instances = stayingInAll(await readGroups()).map(({ instanceId }) => instanceId);
    const seen = chooseUnfit(await surveyMembers(instances, execution), wanted, previous);
    return { seen, passing: seen.verdict === 'halted' ? seen.problems : [] };
  });
  if (choice.verdict === 'halted')
    throw new Fault('MemberNotHealthy', `no other member is touched: ${choice.problems.join('; ')}`);
  return choice.next;
}
