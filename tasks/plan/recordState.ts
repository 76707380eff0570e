/** What the bootstrap record means for the machine. Pure. */
import type { BootstrapRecord } from '#etcd/record.ts';
import type { FoundInstance, RecordState } from '../catalogue.ts';

/**
 * While the cluster is not created its members are the record's. Afterwards they are the group's instances: others may have
 * taken the first ones' place, and nobody has to list exactly the first ones.
 * @param found the group's instances in service, where they are known
 */
export function recordState(record: BootstrapRecord | null, found: readonly FoundInstance[] = []): RecordState {
  if (record === null) return { state: 'absent', members: [], names: [], etcdVersion: null };
  if (record.createdAt !== undefined) {
    const members = found.map(({ instanceId }) => ({ name: instanceId, instanceId }));
    return { state: 'created', members, names: [], etcdVersion: null };
  }
  const members = record.members.map(({ name, instanceId }) => ({ name, instanceId }));
  return { state: 'written', members, names: members.map(({ name }) => name), etcdVersion: record.etcdVersion };
}

/** Members of a record not yet `created` whose instance is no longer in the group: nobody can take their place. */
export function missingMembers(record: BootstrapRecord | null, inGroup: readonly string[]): readonly string[] {
  if (record === null || record.createdAt !== undefined) return [];
  return record.members.map(({ instanceId }) => instanceId).filter((id) => !inGroup.includes(id));
}
