import { Fault } from '#etcd/faults.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { stayingInstances } from '../plan/group.ts';
import { leastOf, takenBack } from '../plan/unjoined.ts';
import { ownRegionChange } from './ownRegionChange.ts';
import { readMembership, takeBackUnjoined } from './takeBackUnjoined.ts';

type Input = Tasks['disableRegion']['input'];

/**
 * Takes back the instance that was only brought up to measure.
 * @throws Fault `RegionsTooFar` where members have moved already, as in a change that was halted and gone on with: they stay where they are, and
 *   the lock is kept, since an operator has to say which way it goes
 */
export async function handler({ execution, token, leaseSeconds }: Input): Promise<Tasks['disableRegion']['output']> {
  await renewLease({ holder: execution, token }, leaseSeconds);
  const record = await ownRegionChange(token);
  const { home, remote, from } = record;
  const membership = await readMembership(execution);
  const membersIn = (region: string) => {
    const group = membership.groups.find((one) => one.region === region);
    const staying = group === undefined ? [] : stayingInstances(group);
    return staying.filter(({ instanceId }) => membership.listed.includes(instanceId)).length;
  };
  const now = { home: membersIn(home), remote: membersIn(remote) };
  if (now.home !== from.home || now.remote !== from.remote)
    throw new Fault(
      'RegionsTooFar',
      `${now.home} and ${now.remote} members are in ${home} and ${remote} already, not ${from.home} and ${from.remote}: they stay`,
    );
  const { terminate } = takenBack(membership.groups, membership.listed, leastOf(record));
  // It has measured, so it is there.
  await takeBackUnjoined({ terminate: terminate.filter(({ region }) => region === remote), lower: [] });
  return { members: now };
}
