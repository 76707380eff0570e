import { audit, readRegionChange } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { begunChange } from '../plan/regionChange.ts';
import { keepRegionChange } from './ownRegionChange.ts';

type Input = Tasks['beginRegionChange']['input'];

/** Notes where the members are to be and where they come from, so that anybody can go on, or turn round. */
export async function handler(input: Input): Promise<Tasks['beginRegionChange']['output']> {
  const { execution, token, leaseSeconds, plan } = input;
  await renewLease({ holder: execution, token }, leaseSeconds);
  const before = await readRegionChange();
  if (before?.token === token) return { beganAt: before.beganAt };
  const now = new Date().toISOString();
  const record = begunChange(before, plan, { execution, token, now });
  await keepRegionChange(record);
  const what = `change of regions begun: ${record.home} ${record.to.home}, ${record.remote} ${record.to.remote}`;
  await audit({ at: now, who: execution, what, why: plan.action, before, after: record }, `regions-${token}`);
  return { beganAt: record.beganAt };
}
