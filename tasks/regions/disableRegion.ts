import { readGroup, setDesiredCapacity } from '../aws/group.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { ownRegionChange } from './ownRegionChange.ts';

type Input = Tasks['disableRegion']['input'];

/** Takes back the instance that was only brought up to measure: nobody has joined. */
export async function handler({ execution, token, leaseSeconds }: Input): Promise<Tasks['disableRegion']['output']> {
  await renewLease({ holder: execution, token }, leaseSeconds);
  const { remote, from } = await ownRegionChange(token);
  const { desiredCapacity } = await readGroup(remote);
  if (desiredCapacity > from.remote) await setDesiredCapacity(remote, from.remote);
  return { desiredCapacity: Math.min(desiredCapacity, from.remote) };
}
