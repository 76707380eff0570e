import { askMembers, untilSteady } from '../agents/ask.ts';
import { readGroups } from '../aws/group.ts';
import { readRotation } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { healthProblems } from '../plan/memberReports.ts';
import { settledInAll } from '../plan/rotatedGroups.ts';

type Input = Tasks['judgeCluster']['input'];

/** After a failure: whether every instance that the groups keep is a healthy member of one cluster. */
export async function handler({ execution }: Input): Promise<Tasks['judgeCluster']['output']> {
  const reasons = await untilSteady(async () => {
    const [record, groups] = await Promise.all([readRotation(), readGroups()]);
    const passing = healthProblems(await askMembers(settledInAll(record, groups), execution));
    return { seen: passing, passing };
  });
  return { verdict: reasons.length === 0 ? 'clear' : 'unclear', reason: reasons.join('; ') };
}
