/** What an upgrade must know of this member before it decides. */
import { startOf, transportOf } from '#etcd/arguments.ts';
import { factsOf } from '#etcd/minors.ts';
import { createEtcdClient, etcdVersionAt } from '../machine/etcdClient.ts';
import { backupSize, dataSize, freeBytes, newestSnapshotIndex } from '../machine/etcdFiles.ts';
import { installedVersions } from '../machine/releases.ts';
import type { MemberSecurity, Survey } from '../protocol.ts';
import type { UpgradeContext } from './upgradeContext.ts';

const callTimeoutMs = 1_500;
/** Names of v2 keys that travel: a command's answer is one line of at most 24,000 characters. */
const mostKeys = 50;
const longestKey = 200;

export async function survey(context: UpgradeContext): Promise<Survey> {
  const { layout, disk, identity } = context;
  // At the same time: an etcd that hangs must not make the answer come too late.
  const [description, answers] = await Promise.all([context.describe(), ask(identity.address)]);
  const spec = disk.member();
  const started = spec === null ? null : startOf(spec);
  return {
    description,
    security: securityOf(context),
    ...answers,
    snapshotIndex: newestSnapshotIndex(layout.dataDir),
    snapshotCount: started?.snapshotCount ?? 0,
    v2Api: started?.v2Api ?? false,
    dataBytes: dataSize(layout.dataDir),
    backupBytes: backupSize(layout.dataDir),
    freeBytes: freeBytes(layout.dataVolume),
    releasesFreeBytes: freeBytes(layout.releases),
    arch: process.arch === 'arm64' ? 'arm64' : 'amd64',
    releases: installedVersions(layout.releases),
    clockMs: Date.now(),
  };
}

/** As etcd was started; up to 3.1 it goes on to show the certificates of that time. */
function securityOf({ disk, transport }: UpgradeContext): MemberSecurity {
  const spec = disk.member();
  const serves = spec === null ? 'plain' : transportOf(spec);
  if (spec === null || serves === 'plain') return { transport: 'plain', trusted: [], issuer: '', endsAt: null };
  const started = transport.startedWith();
  const shown = factsOf(spec.version).tls.reloads ? transport.onDisk() : started;
  return {
    transport: serves,
    trusted: started?.trusted ?? [],
    issuer: shown?.issuer ?? '',
    endsAt: transport.state()?.endsAt ?? null,
  };
}

type Answers = Pick<Survey, 'raftIndex' | 'authEnabled' | 'v2Keys' | 'v2Problem'>;

async function ask(address: string): Promise<Answers> {
  const versions = await etcdVersionAt(address, callTimeoutMs).catch(() => null);
  if (versions === null) return { raftIndex: null, authEnabled: false, v2Keys: null, v2Problem: '' };
  const { server: version, cluster: clusterVersion } = versions;
  const client = createEtcdClient({ address, version, clusterVersion, timeoutMs: callTimeoutMs });
  const [raftIndex, authEnabled, v2] = await Promise.all([
    client.raftIndex().catch(() => null),
    client.authEnabled().catch(() => false),
    client.v2Keys().then(
      (keys) => ({ v2Keys: keys?.slice(0, mostKeys).map((key) => key.slice(0, longestKey)) ?? null, v2Problem: '' }),
      (error: Error) => ({ v2Keys: null, v2Problem: error.message.slice(0, longestKey) }),
    ),
  ]);
  return { raftIndex, authEnabled, ...v2 };
}
