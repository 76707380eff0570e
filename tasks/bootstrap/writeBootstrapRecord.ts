import { createHash } from 'node:crypto';
import { Fault } from '#etcd/faults.ts';
import { environment } from '../aws/environment.ts';
import { audit, readBootstrap, writeBootstrapOnce } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { memberOf } from '../plan/members.ts';
import { recordState } from '../plan/recordState.ts';

type Input = Tasks['writeBootstrapRecord']['input'];

/**
 * Writes the record from which all members start, unless there is one: whoever comes second takes what the first wrote.
 * @throws Fault `RecordConflict` where the record that is there has no members
 */
export async function handler({ execution, found }: Input): Promise<Tasks['writeBootstrapRecord']['output']> {
  const cluster = environment('CLUSTER');
  const record = {
    cluster,
    item: 'bootstrap',
    // Of the execution, so that a repeated task would write the same.
    clusterToken: `${cluster}-${createHash('sha256').update(execution).digest('hex').slice(0, 16)}`,
    etcdVersion: environment('ETCD_VERSION'),
    members: found.map((instance) => memberOf(instance, environment('TLS') === 'true')),
    writtenAt: new Date().toISOString(),
    writtenBy: execution,
  } as const;
  if ((await readBootstrap()) === null) await writeBootstrapOnce(record);
  const kept = await readBootstrap();
  if (kept === null || kept.members.length === 0) {
    throw new Fault(
      'RecordConflict',
      `the bootstrap record of cluster ${cluster} is ${kept === null ? 'gone' : 'without members'}`,
    );
  }
  // Also where this task wrote it, died, and is called again.
  if (kept.writtenBy === execution) {
    const what = `bootstrap record written: ${kept.members.map(({ name }) => name).join(', ')}, etcd ${kept.etcdVersion}`;
    await audit(
      {
        at: kept.writtenAt,
        who: execution,
        what,
        why: 'ClusterBootstrap',
        after: kept.members.map(({ name }) => name),
      },
      'bootstrap',
    );
  }
  return recordState(kept, found);
}
