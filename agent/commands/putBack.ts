/** A member that did not come back as the new release: the old one is put back where the cluster still takes it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { etcdArguments, startOf } from '#etcd/arguments.ts';
import { Fault } from '#etcd/faults.ts';
import { minorOf } from '#etcd/versions.ts';
import { judge } from '../duties/observe.ts';
import { requireLock, type UpgradeContext } from './upgradeContext.ts';

const healthyWithinMs = 60_000;
const pollMs = 200;
/** Of etcd's last words that an operator is shown, in characters. */
const shown = 1_500;

/** The fault to throw, after what is safe was tried: the member's name, what was wrong, what it runs now, etcd's last words. */
export async function giveUp(why: string, context: UpgradeContext): Promise<Fault> {
  const { identity, disk, supervisor } = context;
  const failed = disk.member();
  const words = (await supervisor.lastWords()).trim().slice(-shown);
  const outcome = await putBack(context).catch((error: Error) => `its old release was not put back: ${error.message}`);
  return new Fault(
    'MemberNotUpgraded',
    `${identity.instanceId} did not become healthy with etcd ${failed?.version}: ${why}; ${outcome}. etcd's last words: ${words}`,
  );
}

async function putBack(context: UpgradeContext): Promise<string> {
  const { identity, disk, supervisor, log, record, look } = context;
  const [failed, previous] = [disk.member(), disk.previousMember()];
  if (failed === null || previous === null) return 'no older release of it is noted';
  await requireLock(context);
  const view = await look();
  const flipped = view.seen?.peers.find(
    ({ clusterVersion }) => clusterVersion !== null && minorOf(clusterVersion) !== minorOf(previous.version),
  );
  if (flipped !== undefined)
    return `the cluster version is ${flipped.clusterVersion}, so that ${previous.version} could not come back`;
  const binary = await context.install(previous.version);
  const before = { ...previous, clusterState: 'existing' as const };
  log('the old release is put back', { from: failed.version, to: before.version }, 'error');
  await supervisor.swap({ binary, arguments: etcdArguments(before), dataDir: before.dataDir }, () =>
    disk.keepMember(before),
  );
  const what = `etcd on ${identity.instanceId} put back from ${failed.version} to ${before.version}`;
  await record
    .audit({ what, why: 'it did not become healthy', before: startOf(failed), after: startOf(before) })
    .catch((error: Error) => log('not in the audit trail', { error: error.message }, 'warn'));
  const deadline = performance.now() + healthyWithinMs;
  while (performance.now() < deadline) {
    const health = judge(await context.observe(), { version: before.version, members: [] });
    if (health.verdict === 'healthy') return `it runs ${before.version} again and is healthy`;
    await sleep(pollMs);
  }
  return `it was put back to ${before.version} and is not healthy yet`;
}
