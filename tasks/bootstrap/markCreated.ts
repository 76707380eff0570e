import { Fault } from '#etcd/faults.ts';
import { environment } from '../aws/environment.ts';
import { audit, readBootstrap, writeCreatedOnce } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';

type Input = Tasks['markCreated']['input'];

/** From now on no empty member ever forms a new cluster. Marking it twice is marking it once. @throws Fault `RecordConflict` */
export async function handler({ execution, membership }: Input): Promise<Tasks['markCreated']['output']> {
  const at = new Date().toISOString();
  const marked = await writeCreatedOnce(at);
  const createdAt = (await readBootstrap())?.createdAt;
  if (createdAt === undefined) {
    throw new Fault(
      'RecordConflict',
      `the bootstrap record of cluster ${environment('CLUSTER')} is gone, though its members run`,
    );
  }
  if (marked) {
    const what = `cluster ${membership.clusterId} created with etcd ${membership.etcdVersion}`;
    await audit({ at, who: execution, what, why: 'ClusterBootstrap', after: membership }, 'created');
  }
  return { createdAt };
}
