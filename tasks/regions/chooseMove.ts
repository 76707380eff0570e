import { createHash } from 'node:crypto';
import { Fault } from '#etcd/faults.ts';
import { askMembers, untilSteady } from '../agents/ask.ts';
import { readGroups } from '../aws/group.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { stayingInAll } from '../plan/group.ts';
import { chooseMove, unusedCapacity } from '../plan/regionMove.ts';
import { lowerCapacity } from './lowerCapacity.ts';
import { ownRegionChange } from './ownRegionChange.ts';

type Input = Tasks['chooseMove']['input'];

/** Decides by what is true now what is next. @throws Fault `MemberNotHealthy` where nobody may be touched */
export async function handler(input: Input): Promise<Tasks['chooseMove']['output']> {
  const { execution, token, leaseSeconds } = input;
  await renewLease({ holder: execution, token }, leaseSeconds);
  const record = await ownRegionChange(token);
  const { choice, groups } = await untilSteady(async () => {
    const groups = await readGroups();
    const instances = stayingInAll(groups).map(({ instanceId }) => instanceId);
    const choice = chooseMove({ record, groups, reports: await askMembers(instances, execution) });
    return { seen: { choice, groups }, passing: choice.problems };
  });
  if (choice.verdict === 'halted')
    throw new Fault('MemberNotHealthy', `no other member is moved: ${choice.problems.join('; ')}`);
  if (choice.move.step === 'done')
    // One has come meanwhile: it is taken out by name.
    for (const { region, capacity } of unusedCapacity(record, groups))
      if (!(await lowerCapacity(region, capacity))) return handler(input);
  return { ...choice.move, label: `${choice.move.step}-${digestOf(choice.move.label)}` };
}

/** Short enough for the id of a command. */
function digestOf(label: string): string {
  return createHash('sha256').update(label).digest('hex').slice(0, 16);
}
