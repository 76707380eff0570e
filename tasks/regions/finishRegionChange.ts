import { environment } from '../aws/environment.ts';
import { audit } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { nextSteps } from '../plan/regionChange.ts';
import { keepRegionChange, ownRegionChange } from './ownRegionChange.ts';

type Input = Tasks['finishRegionChange']['input'];

/** Notes the end, and says what was done and what is left to the operator. */
export async function handler(input: Input): Promise<Tasks['finishRegionChange']['output']> {
  const { execution, token, leaseSeconds, abandoned } = input;
  await renewLease({ holder: execution, token }, leaseSeconds);
  const record = await ownRegionChange(token);
  const endedAt = record.endedAt ?? new Date().toISOString();
  const { home, remote, from, to, beganAt } = record;
  if (record.endedAt === undefined) {
    await keepRegionChange({ ...record, endedAt });
    const what = `change of regions ${abandoned ? 'abandoned' : 'ended'}: ${home} ${to.home}, ${remote} ${to.remote}`;
    await audit(
      { at: endedAt, who: execution, what, why: 'MultiregionMigration', after: record },
      `regions-ended-${token}`,
    );
  }
  const next = abandoned ? [] : nextSteps(record);
  return { cluster: environment('CLUSTER'), home, remote, from, to, beganAt, endedAt, abandoned, next };
}
