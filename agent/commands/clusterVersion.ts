/** After the last member of a hop: the new cluster version on this member, and a raft snapshot that leaves older entries behind. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '#etcd/faults.ts';
import { createEtcdClient, type EtcdClient, etcdVersionAt } from '../machine/etcdClient.ts';
import { newestSnapshotIndex } from '../machine/etcdFiles.ts';
import type { AwaitClusterVersionInput, Commands, FlippedMember } from '../protocol.ts';
import type { UpgradeContext } from './upgradeContext.ts';

const pollMs = 200;
const callTimeoutMs = 3_000;
/** Entries that are on their way at the same time. */
const writers = 8;

/**
 * Waits until this member reports the cluster version, and a write and a read under it were answered: a member may report it
 * and refuse every request ("not capable"), and from 3.0 on this writes the v3 key that 3.1 needs (etcd issue 9480).
 * @throws Fault `ClusterVersionNotReached` at the deadline
 */
export async function awaitClusterVersion(
  { clusterVersion, timeoutMs }: AwaitClusterVersionInput,
  context: UpgradeContext,
): Promise<FlippedMember> {
  const { identity, receivedAtMs } = context;
  let last = '';
  while (performance.now() - receivedAtMs <= timeoutMs) {
    try {
      const { client, cluster } = await ownClient(context);
      if (clusterVersion === '' || cluster === clusterVersion) {
        await client.writeAndRead(identity.instanceId);
        await client.forgetV2Health().catch(() => undefined);
        return { member: identity.instanceId, clusterVersion: cluster ?? '', raftIndex: await client.raftIndex() };
      }
      last = `it reports ${cluster ?? 'none'}`;
    } catch (error) {
      last = (error as Error).message;
    }
    await sleep(pollMs);
  }
  throw new Fault(
    'ClusterVersionNotReached',
    `${identity.instanceId} did not reach the cluster version ${clusterVersion || '(any)'} within ${timeoutMs / 1000} s: ${last}`,
  );
}

/**
 * Writes entries until this member has taken a raft snapshot of all that was there at the beginning.
 * @throws Fault `RaftSnapshotNotTaken` at the deadline
 */
export async function takeRaftSnapshot(
  { timeoutMs }: Commands['takeRaftSnapshot']['input'],
  context: UpgradeContext,
): Promise<Commands['takeRaftSnapshot']['result']> {
  const { identity, layout, receivedAtMs } = context;
  let past: number | null = null;
  let last = '';
  while (performance.now() - receivedAtMs <= timeoutMs) {
    try {
      const { client } = await ownClient(context);
      past ??= await client.raftIndex();
      const snapshotIndex = newestSnapshotIndex(layout.dataDir);
      if (snapshotIndex >= past) return { member: identity.instanceId, snapshotIndex };
      last = `its newest snapshot is at ${snapshotIndex}, and its log was at ${past}`;
      await Promise.all(Array.from({ length: writers }, () => client.writeAndRead(identity.instanceId)));
    } catch (error) {
      last = (error as Error).message;
      await sleep(pollMs);
    }
  }
  throw new Fault(
    'RaftSnapshotNotTaken',
    `${identity.instanceId} took no raft snapshot within ${timeoutMs / 1000} s: ${last}`,
  );
}

/** To this member, by what it says of itself right now. @throws Error where it does not answer */
export async function ownClient({
  identity,
}: UpgradeContext): Promise<{ readonly client: EtcdClient; readonly server: string; readonly cluster: string | null }> {
  const { address } = identity;
  const { server, cluster } = await etcdVersionAt(address, callTimeoutMs);
  const client = createEtcdClient({ address, version: server, clusterVersion: cluster, timeoutMs: callTimeoutMs });
  return { client, server, cluster };
}
