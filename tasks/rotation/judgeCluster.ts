import { askMembers, untilSteady } from '../agents/ask.ts';
import { readGroup } from '../aws/group.ts';
import { readRotation } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { healthProblems } from '../plan/memberReports.ts';
import { settledInstances } from '../plan/rotationRecord.ts';

type Input = Tasks['judgeCluster']['input'];

/** After a failure: whether every instance that the group keeps is a healthy member of one cluster. */
export async function handler({ execution }: Input): Promise<Tasks['judgeCluster']['output']> {
  const reasons = await untilSteady(async () => {
    const [record, group] = await Promise.all([readRotation(), readGroup()]);
    const passing = healthProblems(await askMembers(settledInstances(record, group), execution));
    return { seen: passing, passing };
  });
  return { verdict: reasons.length === 0 ? 'clear' : 'unclear', reason: reasons.join('; ') };
}
