/**
 * A member's step of an upgrade, held by its own agent: out of DNS where clients would see it refuse them, the leadership
 * handed over, stopped, the binary swapped, started, and healthy again, with everybody else healthy too. Each look decides
 * anew what is next, so that an agent that was killed in the middle goes on where it was.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { etcdArguments, startedAs, startOf } from '#etcd/arguments.ts';
import { Fault } from '#etcd/faults.ts';
import type { KnownMember } from '#etcd/knownMembers.ts';
import { type StepDecision, sameStart, stepDecision, stepTimeoutMs } from '#etcd/upgradeStep.ts';
import { compareVersions } from '#etcd/versions.ts';
import { judge } from '../duties/observe.ts';
import type { Surroundings } from '../duties/surroundings.ts';
import { dataSize } from '../machine/etcdFiles.ts';
import type { UpgradedMember, UpgradeMemberInput } from '../protocol.ts';
import { giveUp } from './putBack.ts';
import { requireLock, type UpgradeContext } from './upgradeContext.ts';

const pollMs = 100;
/** While others are waited for. */
const waitMs = 500;
/** From here on etcd refuses clients for about a second before it exits (measured, 3.5.30 and later). */
const restsFrom = '3.5.0';
const handOverTimeoutMs = 7_000;
/** Of a turn's 30 s: one that takes longer is waited for without it, and the others see that it is not healthy. */
const healthyInTurnMs = 10_000;
/** Leadership goes to a member that its peers have been connected to for so long (etcdserver: HealthInterval), in seconds. */
const settledSeconds = 5;

/**
 * @throws Fault `UnsafeToStop` where the others were not well enough in time, and nothing was changed; `MemberNotUpgraded`
 *   where it did not come back healthy; `StaleToken` where the operation has the lock no more; `ReleaseUnavailable`
 */
export async function upgradeMember(input: UpgradeMemberInput, context: UpgradeContext): Promise<UpgradedMember> {
  const { disk, identity, layout } = context;
  const binary = await context.install(input.version);
  const longestMs = stepTimeoutMs(input.timeoutMs, dataSize(layout.dataDir));
  // An agent that was started again in the middle does not know when it was stopped: its time begins anew.
  const beganAtMs = performance.now();
  const progress: Progress = { handedOver: false, rested: false, stoppedAtMs: null, healthyAtMs: null, said: '' };
  for (;;) {
    const deadline = (progress.stoppedAtMs ?? beganAtMs) + longestMs;
    const look = await context.look().catch((error: Error) => ({ seen: null, reason: error.message }));
    const spec = disk.member();
    if (spec === null) throw new Fault('CommandFailed', `${identity.instanceId} is not a member`);
    const swapped = sameStart(startOf(spec), input);
    if (swapped && context.supervisor.crashLooping) throw await giveUp('it exits again and again', context);
    if (context.isSuperseded()) await requireLock(context);
    if (performance.now() > deadline) {
      const why = look.seen === null ? look.reason : progress.said;
      if (swapped) throw await giveUp(`it was not healthy in time: ${why}`, context);
      throw new Fault('UnsafeToStop', `${identity.instanceId} was not stopped: ${why}`);
    }
    if (look.seen === null) {
      await said(progress, look.reason, context);
      continue;
    }
    const decision = await decide(input, look.seen, progress, context);
    if (decision.action === 'done') return finished(input, look.seen, progress, context);
    if (decision.action === 'refuse') throw new Fault('UpgradeNotPossible', decision.reason);
    if (decision.action === 'wait') await said(progress, decision.reason, context);
    else if (decision.action === 'awaitHealthy') await ownHealth(input, deadline, progress, context);
    else if (!progress.rested && compareVersions(spec.version, restsFrom) >= 0)
      await rest(look.seen, progress, context);
    else if (decision.action === 'handOver') await handOver(decision.to, progress, context);
    else await unlessUnknown(swapInTurn(input, binary, progress, context), progress, context);
  }
}

interface Progress {
  handedOver: boolean;
  rested: boolean;
  /** Monotonic. */
  stoppedAtMs: number | null;
  /** When it first answered a read and a write as the new release. */
  healthyAtMs: number | null;
  /** What was waited for last. */
  said: string;
}

/** Others only pass: they are waited for, and the log says so once. */
async function said(progress: Progress, reason: string, { log }: UpgradeContext): Promise<void> {
  if (progress.said !== reason) log('upgrade waits', { reason });
  progress.said = reason;
  await sleep(waitMs);
}

async function decide(
  input: UpgradeMemberInput,
  seen: Surroundings,
  progress: Progress,
  { disk, identity, observe }: UpgradeContext,
): Promise<StepDecision> {
  const spec = disk.member();
  const own = seen.members.find(({ name }) => name === identity.instanceId);
  if (spec === null || own === undefined)
    return { action: 'wait', reason: `no healthy member lists ${identity.instanceId}` };
  const observation = await observe();
  const health = judge(observation, { version: input.version, members: [] });
  if (health.verdict !== 'healthy') progress.said = health.reasons.join('; ');
  const sick = seen.members.filter(({ id, healthy }) => id !== own.id && !healthy);
  if (sick.length > 0) progress.said = `not healthy: ${sick.map(({ name, id }) => name || id).join(', ')}`;
  const { handedOver } = progress;
  return stepDecision({
    ownId: own.id,
    runs: startOf(spec),
    wanted: input,
    // An answered linearizable read proves that it has caught up; that the others list and hear it, the look at them does.
    ownHealthy: health.verdict === 'healthy' && own.healthy && sick.length === 0,
    members: seen.members,
    leaderId: seen.leaderId,
    clusterVersion: observation.seen.clusterVersion,
    handedOver,
  });
}

/** Asks this member alone, where it costs nothing; the others are looked at again once it answers. */
async function ownHealth(
  { version }: UpgradeMemberInput,
  deadline: number,
  progress: Progress,
  { observe, supervisor }: UpgradeContext,
): Promise<void> {
  while (performance.now() < deadline && !supervisor.crashLooping) {
    await sleep(pollMs);
    if (judge(await observe(), { version, members: [] }).verdict === 'healthy') {
      progress.healthyAtMs ??= performance.now();
      return;
    }
  }
}

async function rest(seen: Surroundings, progress: Progress, context: UpgradeContext): Promise<void> {
  progress.rested = true;
  const forMs = await context.rest(seen).catch((error: Error) => {
    context.log('not taken out of DNS', { error: error.message }, 'warn');
    return 0;
  });
  context.log('clients are sent to the other members', { forMs });
  await sleep(forMs);
}

/** To the member that has been running longest; where none has for long enough, it is waited for. */
async function handOver(to: readonly KnownMember[], progress: Progress, context: UpgradeContext): Promise<void> {
  const { log, disk } = context;
  const uptimes = await Promise.all(
    to.map(async ({ id, peerUrls }) => ({
      id,
      seconds: (await context.uptimeSeconds(URL.parse(peerUrls[0] ?? '')?.hostname ?? '')) ?? 0,
    })),
  );
  const [heir] = uptimes.sort((a, b) => b.seconds - a.seconds);
  if (heir === undefined || heir.seconds < settledSeconds)
    return said(progress, 'no other member has been running for 5 s, so none takes over the leadership yet', context);
  const version = disk.member()?.version ?? '';
  progress.handedOver = true;
  await context
    .membership(version, handOverTimeoutMs)
    .moveLeader(heir.id)
    .catch((error: Error) => log('hand-over refused', { error: error.message }, 'warn'));
  log('leadership handed over', { to: heir.id });
}

/** Where AWS does not answer, nobody knows whether it may go on: it asks again. */
async function unlessUnknown(work: Promise<void>, progress: Progress, context: UpgradeContext): Promise<void> {
  await work.catch((error: Error) => {
    if (error instanceof Fault) throw error;
    return said(progress, error.message, context);
  });
}

/** Nobody leaves or joins while this member is down: it has the turn, and looks once more right before it stops. */
async function swapInTurn(
  input: UpgradeMemberInput,
  binary: string,
  progress: Progress,
  context: UpgradeContext,
): Promise<void> {
  const taken = await context.turns.take('upgrade', async () => {
    await requireLock(context);
    const { seen } = await context.look();
    if (seen !== null && (await decide(input, seen, progress, context)).action === 'swap') {
      await swap(input, binary, progress, context);
      await ownHealth(input, performance.now() + healthyInTurnMs, progress, context);
    }
    return { changed: false, result: null };
  });
  if (taken.busy !== null) await said(progress, taken.busy, context);
}

async function swap(
  input: UpgradeMemberInput,
  binary: string,
  progress: Progress,
  context: UpgradeContext,
): Promise<void> {
  const { disk, supervisor, log, record, identity } = context;
  const before = disk.member();
  if (before === null) return;
  const after = { ...startedAs(before, input), clusterState: 'existing' as const };
  log('etcd is swapped', { from: startOf(before), to: startOf(after) });
  progress.stoppedAtMs = performance.now();
  await supervisor.swap({ binary, arguments: etcdArguments(after), dataDir: after.dataDir }, () => {
    disk.keepPreviousMember(before);
    disk.keepMember(after);
  });
  const what = `etcd on ${identity.instanceId} swapped from ${before.version} to ${after.version}`;
  await record
    .audit({ what, why: 'a step of an upgrade', before: startOf(before), after: startOf(after) })
    .catch((error: Error) => log('swap not in the audit trail', { error: error.message }, 'warn'));
}

async function finished(
  { version }: UpgradeMemberInput,
  seen: Surroundings,
  { handedOver, stoppedAtMs, healthyAtMs }: Progress,
  { identity, receivedAtMs, unrest, log }: UpgradeContext,
): Promise<UpgradedMember> {
  const now = performance.now();
  // The leader's housekeeping does it too, once the lock is released.
  await unrest(seen).catch((error: Error) => log('not put into DNS again', { error: error.message }, 'warn'));
  return {
    member: identity.instanceId,
    version,
    handedOver,
    downMs: stoppedAtMs === null ? 0 : Math.round((healthyAtMs ?? now) - stoppedAtMs),
    waitedMs: Math.round(performance.now() - receivedAtMs),
  };
}
