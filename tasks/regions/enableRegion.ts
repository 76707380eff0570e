import { readGroup, setDesiredCapacity } from '../aws/group.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { ownRegionChange } from './ownRegionChange.ts';

type Input = Tasks['enableRegion']['input'];

/** Brings up the first instance of the second region, which does not join yet; called again, it finds it done. */
export async function handler({ execution, token, leaseSeconds }: Input): Promise<Tasks['enableRegion']['output']> {
  await renewLease({ holder: execution, token }, leaseSeconds);
  const { remote } = await ownRegionChange(token);
  const { desiredCapacity } = await readGroup(remote);
  if (desiredCapacity > 0) return { desiredCapacity };
  await setDesiredCapacity(remote, 1);
  return { desiredCapacity: 1 };
}
