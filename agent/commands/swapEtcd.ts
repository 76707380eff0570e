/** Swaps etcd's release, forward or back: nothing that the cluster version has gone past is started, and the trail knows of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type MemberSpec, startOf } from '#etcd/arguments.ts';
import { flippedPast } from '#etcd/upgradeStep.ts';
import { compareVersions, minorOf } from '#etcd/versions.ts';
import { isAlone } from '../duties/surroundings.ts';
import { commandOf } from '../machine/etcdProcess.ts';
import { movePeerUrl } from './peerUrl.ts';
import type { UpgradeContext } from './upgradeContext.ts';

export interface EtcdSwap {
  readonly from: MemberSpec;
  readonly to: MemberSpec;
  /** Of `to`. */
  readonly binary: string;
  readonly what: 'swapped' | 'put back';
  readonly why: string;
  /** Notes on disk what a later agent goes by; called while no etcd runs. */
  readonly note: () => void;
}

/** @throws Error where the cluster version has gone past an older release, or nobody says in time, and as Supervisor.swap */
export async function swapEtcd(
  { from, to, binary, what, why, note }: EtcdSwap,
  context: UpgradeContext,
): Promise<void> {
  const { supervisor, record, identity, log } = context;
  await movePeerUrl(from, to, false, context);
  await supervisor.swap(async () => {
    await requireNotFlipped(from.version, to.version, context);
    await movePeerUrl(from, to, true, context);
    note();
    return commandOf(binary, to);
  });
  const change = `etcd on ${identity.instanceId} ${what} from ${from.version} to ${to.version}`;
  await record
    .audit({ what: change, why, before: startOf(from), after: startOf(to) })
    .catch((error: Error) => log('swap not in the audit trail', { error: error.message }, 'warn'));
}

/** Where this member led, the others elect another leader first. */
const answerWithinMs = 10_000;
const pollMs = 1_000;

/** Asked of the others, while this member is stopped. */
async function requireNotFlipped(from: string, to: string, { look }: UpgradeContext): Promise<void> {
  if (minorOf(from) === minorOf(to) || compareVersions(from, to) < 0) return;
  const deadline = performance.now() + answerWithinMs;
  for (;;) {
    const view = await look();
    const answers = view.seen?.peers.map(({ clusterVersion }) => clusterVersion) ?? [];
    const against = flippedPast(to, answers, isAlone(view));
    if (against === null) return;
    if (answers.length > 0 || performance.now() > deadline) throw new Error(against);
    await sleep(pollMs);
  }
}
