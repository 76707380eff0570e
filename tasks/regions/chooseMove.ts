import { Fault } from '#etcd/faults.ts';
import { askMembers, untilSteady } from '../agents/ask.ts';
import { readGroups } from '../aws/group.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { stayingInAll } from '../plan/group.ts';
import { chooseMove } from '../plan/regionMove.ts';
import { ownRegionChange } from './ownRegionChange.ts';

type Input = Tasks['chooseMove']['input'];

/** Decides by what is true now what is next. @throws Fault `MemberNotHealthy` where nobody may be touched */
export async function handler({ execution, token, leaseSeconds }: Input): Promise<Tasks['chooseMove']['output']> {
  await renewLease({ holder: execution, token }, leaseSeconds);
  const record = await ownRegionChange(token);
  const choice = await untilSteady(async () => {
    const groups = await readGroups();
    const instances = stayingInAll(groups).map(({ instanceId }) => instanceId);
    const seen = chooseMove({ record, groups, reports: await askMembers(instances, execution) });
    return { seen, passing: seen.verdict === 'halted' ? seen.problems : [] };
  });
  if (choice.verdict === 'chosen') return choice.move;
  throw new Fault('MemberNotHealthy', `no other member is moved: ${choice.problems.join('; ')}`);
}
