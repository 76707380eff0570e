/** The v2 store on the way into 3.6, which does not start where it, or the log, holds anything of clients. */
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Fault } from '#etcd/faults.ts';
import { compareVersions } from '#etcd/versions.ts';
import { installedIn } from '../machine/releases.ts';
import { v2KeysInSnapshot } from '../machine/v2Snapshot.ts';
import type { Commands } from '../protocol.ts';
import { ownClient } from './clusterVersion.ts';
import { requireLock, type UpgradeContext } from './upgradeContext.ts';

const run = promisify(execFile);

const longestCheckMs = 120_000;
/** While etcd writes, the check may meet a half-written record: it looks again. */
const tries = 3;
const pauseMs = 1_000;
const mostNames = 20;

/**
 * Has etcdutl look through the newest snapshot and the log after it (etcdutl check v2store, 3.5.32 and later).
 * @throws Fault `V2StoreNotEmpty`, naming what is left; `ReleaseUnavailable` where the release has no etcdutl
 */
export async function checkV2Store(context: UpgradeContext): Promise<Commands['checkV2Store']['result']> {
  const { identity, layout, disk } = context;
  const version = disk.member()?.version ?? '';
  // It has started as 3.6, which it would not have with keys left; its etcdutl has no such check.
  if (compareVersions(version, '3.6.0') >= 0) return { member: identity.instanceId };
  await context.install(version);
  const etcdutl = installedIn(layout.releases).tool(version, 'etcdutl');
  if (etcdutl === null)
    throw new Fault(
      'ReleaseUnavailable',
      `the archive of etcd ${version} on ${identity.instanceId} has no etcdutl, which must look for keys of the v2 API before 3.6`,
    );
  let said = '';
  for (let attempt = 0; attempt < tries; attempt++) {
    if (attempt > 0) await sleep(pauseMs);
    const found = await run(etcdutl, ['check', 'v2store', `--data-dir=${layout.dataDir}`], {
      timeout: longestCheckMs,
    }).then(
      () => null,
      (error: { stderr?: string; message: string }) => (error.stderr || error.message).trim(),
    );
    if (found === null) return { member: identity.instanceId };
    said = found;
    if (found.includes('custom')) break;
  }
  const names = v2KeysInSnapshot(layout.dataDir, mostNames);
  const which =
    names.length === 0 ? 'etcd does not say which keys' : `keys of the v2 API are left: ${names.join(', ')}`;
  throw new Fault(
    'V2StoreNotEmpty',
    `${identity.instanceId} cannot become etcd 3.6: ${which} (etcdutl: ${said.split('\n').at(-1)?.slice(0, 300)}). Move what is still needed to the v3 API, then start RollingUpgrade with "v2Keys": "delete"`,
  );
}

/** Hidden keys that are known by name: of this product's and of its predecessor's health checks and locks. */
const hiddenKeys = ['/_etcd-appliance', '/_self_maintenance_lock'];
/** Of deleted keys, those that are told. */
const mostTold = 50;

/**
 * Deletes every key of the v2 store, through this member, which must serve the v2 API: those that are listed, and the hidden
 * ones that are known or in its newest snapshot. Nothing is left the second time.
 * @throws Fault `CommandFailed` where it does not serve the v2 API
 */
export async function deleteV2Keys(context: UpgradeContext): Promise<Commands['deleteV2Keys']['result']> {
  const { identity, layout, record, log } = context;
  await requireLock(context);
  const { client } = await ownClient(context);
  const keys = await client.v2Keys();
  if (keys === null)
    throw new Fault(
      'CommandFailed',
      `etcd on ${identity.instanceId} does not serve the v2 API: its keys were not deleted`,
    );
  const kept = v2KeysInSnapshot(layout.dataDir, Number.POSITIVE_INFINITY).map((path) => `/${path.split('/')[1] ?? ''}`);
  const all = [...new Set([...keys, ...hiddenKeys, ...kept])];
  for (const key of all) await client.deleteV2Key(key);
  const deleted = all.slice(0, mostTold);
  log('v2 keys deleted', { count: all.length, deleted });
  await record.audit({
    what: `${all.length} keys of the v2 store deleted, with all below them`,
    why: 'asked for by the upgrade',
    before: deleted,
    after: [],
  });
  return { deleted };
}
