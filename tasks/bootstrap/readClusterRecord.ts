import { Fault } from '#etcd/faults.ts';
import { readGroups } from '../aws/group.ts';
import { readBootstrap } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { missingMembers, recordState } from '../plan/recordState.ts';

/**
 * What the cluster record says already.
 * @throws Fault `BootstrapMemberMissing` where it names an instance that left the group before the cluster was created
 */
export async function handler(): Promise<Tasks['readClusterRecord']['output']> {
  const record = await readBootstrap();
  const state = recordState(record);
  if (state.state !== 'written') return state;
  const instances = (await readGroups()).flatMap((group) => group.instances);
  const missing = missingMembers(
    record,
    instances.map(({ instanceId }) => instanceId),
  );
  if (missing.length > 0) {
    throw new Fault(
      'BootstrapMemberMissing',
      `the bootstrap record of cluster ${record?.cluster} names ${missing.join(', ')}, which left the Auto Scaling group before the cluster was created`,
    );
  }
  return state;
}
