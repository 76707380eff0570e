/** What an upgrade must know of this member before it decides. */
import { startOf } from '#etcd/arguments.ts';
import { createEtcdClient } from '../machine/etcdClient.ts';
import { dataSize, freeBytes, newestSnapshotIndex } from '../machine/etcdFiles.ts';
import { installedVersions } from '../machine/releases.ts';
import type { Survey } from '../protocol.ts';
import type { UpgradeContext } from './upgradeContext.ts';

const callTimeoutMs = 1_500;
/** Names of v2 keys that travel: a command's answer is one line of at most 24,000 characters. */
const mostKeys = 50;

export async function survey(context: UpgradeContext): Promise<Survey> {
  const { layout, disk, identity } = context;
  const description = await context.describe();
  const { version } = description.etcd;
  const clusterVersion = description.member?.clusterVersion ?? null;
  const client =
    version === null
      ? null
      : createEtcdClient({ address: identity.address, version, clusterVersion, timeoutMs: callTimeoutMs });
  const [raftIndex, authEnabled, v2Keys] = await Promise.all([
    client?.raftIndex().catch(() => null) ?? null,
    client?.authEnabled().catch(() => false) ?? false,
    client?.v2Keys().catch(() => null) ?? null,
  ]);
  const spec = disk.member();
  const started = spec === null ? null : startOf(spec);
  return {
    description,
    raftIndex,
    snapshotIndex: newestSnapshotIndex(layout.dataDir),
    snapshotCount: started?.snapshotCount ?? 0,
    v2Api: started?.v2Api ?? false,
    dataBytes: dataSize(layout.dataDir),
    freeBytes: freeBytes(layout.dataVolume),
    releasesFreeBytes: freeBytes(layout.releases),
    arch: process.arch === 'arm64' ? 'arm64' : 'amd64',
    releases: installedVersions(layout.releases),
    clockMs: Date.now(),
    authEnabled,
    v2Keys: v2Keys?.slice(0, mostKeys) ?? null,
  };
}
