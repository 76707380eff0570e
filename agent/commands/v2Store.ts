/** The v2 store on the way into 3.6, which does not start where it, or the log, holds anything of clients. */
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Fault } from '#etcd/faults.ts';
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

/** Deletes every key of the v2 store, through this member, which must serve the v2 API. Nothing is left the second time. */
export async function deleteV2Keys(context: UpgradeContext): Promise<Commands['deleteV2Keys']['result']> {
  const { identity, record, log } = context;
  await requireLock(context);
  const { client } = await ownClient(context);
  const keys = await client.v2Keys();
  if (keys === null)
    throw new Fault(
      'CommandFailed',
      `etcd on ${identity.instanceId} does not serve the v2 API: its keys were not deleted`,
    );
  for (const key of keys) await client.deleteV2Key(key);
  log('v2 keys deleted', { keys });
  if (keys.length > 0)
    await record.audit({
      what: 'the keys of the v2 store deleted',
      why: 'asked for by the upgrade',
      before: keys,
      after: [],
    });
  return { deleted: keys };
}
