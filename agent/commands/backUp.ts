/** A backup of this member in the cluster's bucket: what is needed to restore the cluster as it was before a hop. */
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Fault } from '#etcd/faults.ts';
import type { ObjectFile } from '../machine/aws.ts';
import { saveSnapshot } from '../machine/etcdSnapshot.ts';
import { runProgram } from '../machine/program.ts';
import { type BackedUp, type BackUpInput, bucketKeys } from '../protocol.ts';
import { ownClient } from './clusterVersion.ts';
import type { UpgradeContext } from './upgradeContext.ts';

/**
 * A snapshot of the v3 backend, checked by etcd's own hash; or the data directory's snapshot and log, which is all that 2.x
 * has, and all that holds the keys of the v2 API up to 3.5. S3 checks the SHA-256 of what it is sent.
 * @throws Fault `BackupFailed`
 */
export async function backUp(
  { operation, format, timeoutMs }: BackUpInput,
  context: UpgradeContext,
): Promise<BackedUp> {
  const { identity, layout, record, log } = context;
  const folder = ownFolder(layout.dataVolume, `${operation}-${format}`);
  const file = join(folder, `backup.${format}`);
  try {
    const { client, server, cluster } = await ownClient(context);
    if (format === 'db') await saveSnapshot(identity.address, server, file, timeoutMs);
    else await archiveData(layout.dataDir, file);
    const clusterToken = (await record.readBootstrap())?.clusterToken ?? identity.cluster;
    const key = bucketKeys.backup({ clusterToken, atMs: Date.now(), operation, member: identity.instanceId, format });
    const object: ObjectFile = { path: file, bytes: statSync(file).size, sha256: await sha256Of(file) };
    const { clusterId } = await client.members();
    const metadata = {
      'etcd-version': server,
      'cluster-version': cluster ?? '',
      'cluster-id': clusterId,
      'raft-index': String(await client.raftIndex()),
      revision: String((await client.revision()) ?? ''),
      sha256: object.sha256,
    };
    await context.upload(key, object, metadata, timeoutMs);
    log('backed up', { key, bytes: object.bytes });
    return { member: identity.instanceId, key, bytes: object.bytes, sha256: object.sha256 };
  } catch (error) {
    throw new Fault('BackupFailed', `${identity.instanceId} was not backed up: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
    underWay.delete(folder);
  }
}

/** Folders of backups that are being made: two of a member may be, and one of an operation that was stopped besides. */
const underWay = new Set<string>();

/** Empty; what an agent that was killed has left of others is removed. */
function ownFolder(volume: string, name: string): string {
  const folder = join(volume, `backup-${name}`);
  const left = readdirSync(volume).filter((entry) => entry.startsWith('backup-') && !underWay.has(join(volume, entry)));
  for (const entry of left) rmSync(join(volume, entry), { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  underWay.add(folder);
  return folder;
}

/** Snapshots first: the log may only grow meanwhile, and etcd repairs a last record that is cut. */
function archiveData(dataDir: string, file: string): Promise<void> {
  const args = ['-czf', file, '--exclude=member/snap/db', '-C', dataDir, 'member/snap', 'member/wal'];
  // 1: some files changed while they were read (tar(1)), which a log does.
  return runProgram('tar', args, [0, 1]);
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
