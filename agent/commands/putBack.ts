/** A member that did not come back as the new release: the old one is put back where the cluster still takes it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type MemberSpec, startedAs } from '#etcd/arguments.ts';
import { Fault } from '#etcd/faults.ts';
import { noWayBack } from '#etcd/hops.ts';
import { type Start, sameStart, unsafeToPutBack } from '#etcd/upgradeStep.ts';
import { judge } from '../duties/observe.ts';
import { isAlone } from '../duties/surroundings.ts';
import type { TurnInHand } from '../machine/membershipTurns.ts';
import { startedNow } from './stepActions.ts';
import { swapEtcd } from './swapEtcd.ts';
import { requireLock, type UpgradeContext } from './upgradeContext.ts';

const healthyWithinMs = 60_000;
/** For the others to be a quorum without it, for the turn, and for a record that does not answer. */
const safeWithinMs = 300_000;
const pollMs = 200;
const betweenAttemptsMs = 1_000;
/** Of etcd's last words that an operator is shown, in characters. */
const shown = 1_500;

/** Whether this operation has given the swap up before: its agent ended while it put the old release back. */
export function gaveUpBefore(start: Start, { disk, fencingToken }: UpgradeContext): boolean {
  const failed = disk.failedSwap();
  return failed !== null && failed.fencingToken === fencingToken && sameStart(failed.start, start);
}

/** The fault to throw, after what is safe was tried: the member's name, what was wrong, what it runs now, etcd's last words. */
export async function giveUp(start: Start, wrong: string, context: UpgradeContext): Promise<Fault> {
  const { identity, disk, supervisor, fencingToken, log } = context;
  const before = gaveUpBefore(start, context) ? disk.failedSwap() : null;
  const words = (await supervisor.lastWords().catch(() => '')).trim().slice(-shown);
  const why = before?.why ?? `${wrong}; etcd's last words: ${words}`;
  try {
    disk.noteFailedSwap({ start, fencingToken, why });
  } catch (error) {
    // A full disk: an agent that ends now would try the release once more.
    log('failed swap not noted', { error: (error as Error).message }, 'error');
  }
  const outcome = await putBack(start, context).catch(
    (error: Error) => `its old release was not put back: ${error.message}`,
  );
  return new Fault(
    'MemberNotUpgraded',
    `${identity.instanceId} did not become healthy with etcd ${start.version}; ${outcome}. What was wrong: ${why}`,
  );
}

async function putBack(failed: Start, context: UpgradeContext): Promise<string> {
  const { identity, disk, supervisor } = context;
  const [runs, previous] = [disk.member(), disk.previousMember()];
  if (runs === null || previous === null) return 'no older release of it is noted';
  const closed = noWayBack(failed.version, previous.version);
  if (closed !== null)
    return `it was left as it is, since ${closed}: see that the others are well, then terminate this instance, and a new member joins with ${previous.version}`;
  if (sameStart(startedNow(runs, context), failed)) await swapWhenSafe(runs, previous, context);
  const { version } = disk.member() ?? previous;
  const deadline = performance.now() + healthyWithinMs;
  while (performance.now() < deadline && !supervisor.crashLooping) {
    if (judge(await context.observe(), { version, members: [] }).verdict === 'healthy')
      return `it runs ${version} again and is healthy`;
    await sleep(pollMs);
  }
  if (!cannotGoBack.test(await supervisor.lastWords().catch(() => '')))
    return `${identity.instanceId} was put back to ${version} and is not healthy yet`;
  // The only member has raised the cluster version by itself before it failed: nobody else could have said so.
  await swapWhenSafe(previous, startedAs(previous, failed, context.transport.files), context);
  return `the cluster version has changed, so that ${version} could not come back: it runs ${failed.version}`;
}

/** What etcd says that finds a newer cluster version in its data (membership: mustDetectDowngrade; 2.x to 3.7). */
const cannotGoBack = /cannot be downgraded|invalid downgrade/i;

async function swapWhenSafe(from: MemberSpec, to: MemberSpec, context: UpgradeContext): Promise<void> {
  const binary = await context.install(to.version);
  const next = { ...to, clusterState: 'existing' as const };
  await whenSafe(context, (turn) => swapBack(from, next, binary, turn, context));
}

/**
 * Where AWS does not answer, it asks again; what fails once the work has begun is not tried again.
 * @throws Fault `StaleToken`; Error where the others were no quorum without it in time, or another agent had the turn
 */
async function whenSafe(context: UpgradeContext, work: (turn: TurnInHand) => Promise<void>): Promise<void> {
  const deadline = performance.now() + safeWithinMs;
  let hasBegun = false;
  const attempt = async (): Promise<string | null> => {
    const taken = await context.turns.take('put back', async (turn) => {
      await requireLock(context);
      const unsafe = await unsafeNow(context);
      if (unsafe !== null) return { changed: false, result: unsafe };
      hasBegun = true;
      await work(turn);
      return { changed: false, result: null };
    });
    return taken.busy ?? taken.result;
  };
  for (;;) {
    const against = await attempt().catch((error: Error) => {
      if (hasBegun || error instanceof Fault) throw error;
      return error.message;
    });
    if (against === null) return;
    if (performance.now() > deadline) throw new Error(against);
    await sleep(betweenAttemptsMs);
  }
}

async function unsafeNow({ look, supervisor, identity }: UpgradeContext): Promise<string | null> {
  const view = await look();
  return unsafeToPutBack({
    stopped: supervisor.pid === null || supervisor.crashLooping,
    alone: isAlone(view),
    ownId: view.seen?.members.find(({ name }) => name === identity.instanceId)?.id ?? null,
    members: view.seen?.members ?? null,
  });
}

async function swapBack(
  runs: MemberSpec,
  to: MemberSpec,
  binary: string,
  turn: TurnInHand,
  context: UpgradeContext,
): Promise<void> {
  const { disk, log } = context;
  log('the old release is put back', { from: runs.version, to: to.version }, 'error');
  turn.check();
  const [why, note] = ['it did not become healthy', () => disk.keepMember(to)] as const;
  await swapEtcd({ from: runs, to, binary, what: 'put back', why, note }, context);
}
