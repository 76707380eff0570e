/**
 * A member's step of an upgrade, held by its own agent: out of DNS where clients would see it refuse them, the leadership
 * handed over, stopped, the binary swapped, started, and healthy again, with everybody else healthy too. Each look decides
 * anew what is next, so that an agent that was killed in the middle goes on where it was.
 */
import { Fault } from '#etcd/faults.ts';
import { type StepDecision, sameStart, stepDecision, stepTimeoutMs } from '#etcd/upgradeStep.ts';
import { highestOf } from '#etcd/versions.ts';
import { judge } from '../duties/observe.ts';
import { isAlone, type Look, type Surroundings } from '../duties/surroundings.ts';
import { dataSize } from '../machine/etcdFiles.ts';
import type { UpgradedMember } from '../protocol.ts';
import { gaveUpBefore, giveUp } from './putBack.ts';
import {
  flawOf,
  handOver,
  ownHealth,
  type Progress,
  rest,
  type StepInput,
  said,
  startedNow,
  swap,
  unlessUnknown,
  unrest,
} from './stepActions.ts';
import { requireLock, type UpgradeContext } from './upgradeContext.ts';

/** Of a turn's 30 s: one that takes longer is waited for without it, and the others see that it is not healthy. */
const healthyInTurnMs = 10_000;

/**
 * @throws Fault `UnsafeToStop` where the others were not well enough in time, and nothing was changed; `MemberNotUpgraded`
 *   where it did not come back healthy; `MemberNotHealthy` where it did, and another is not well; `StaleToken` where the
 *   operation has the lock no more; `ReleaseUnavailable`
 */
export async function upgradeMember(input: StepInput, context: UpgradeContext): Promise<UpgradedMember> {
  const progress: Progress = {
    handedOver: false,
    rested: false,
    failedSwaps: 0,
    stoppedAtMs: null,
    healthyAtMs: null,
    said: '',
    flaw: null,
  };
  try {
    if (gaveUpBefore(input, context)) throw await giveUp(input, '', context);
    return await untilUpgraded(input, await context.install(input.version), progress, context);
  } catch (error) {
    // An earlier agent may have taken it out of DNS, too. Where another operation has the lock, it is that one's.
    if (!context.isSuperseded()) await unrest(await context.look(), context);
    throw error;
  }
}

async function untilUpgraded(
  input: StepInput,
  binary: string,
  progress: Progress,
  context: UpgradeContext,
): Promise<UpgradedMember> {
  const { disk, identity, layout, supervisor } = context;
  const longestMs = stepTimeoutMs(input.timeoutMs, dataSize(layout.dataDir));
  // An agent that was started again in the middle does not know when it was stopped: its time begins anew.
  const beganAtMs = performance.now();
  for (;;) {
    const deadline = (progress.stoppedAtMs ?? beganAtMs) + longestMs;
    const look = await context.look();
    const spec = disk.member();
    if (spec === null) throw new Fault('CommandFailed', `${identity.instanceId} is not a member`);
    const swapped = sameStart(startedNow(spec, context), input);
    const hopeless = supervisor.crashLooping ? 'it exits again and again' : progress.flaw;
    if (swapped && hopeless !== null) throw await giveUp(input, hopeless, context);
    if (context.isSuperseded()) await requireLock(context);
    const late = performance.now() > deadline;
    if (look.seen === null) {
      if (late) throw await tooLate(swapped, input, look.reason, context);
      if (!swapped && isDownAlone(look, context))
        await unlessUnknown(swapInTurn(input, binary, progress, context), progress, context);
      else await said(progress, look.reason, context);
      continue;
    }
    const decision = await decide(input, look.seen, progress, context);
    if (decision.action === 'done') return finished(input, look.seen, progress, context);
    if (decision.action === 'refuse') throw new Fault('UpgradeNotPossible', decision.reason);
    // What it would do next says best why it has not come further.
    const waitsFor = decision.action === 'wait' ? decision.reason : progress.said;
    if (late) throw await tooLate(swapped, input, waitsFor || 'its time was over before it could be', context);
    if (decision.action === 'wait') await said(progress, decision.reason, context);
    else if (decision.action === 'awaitHealthy') await ownHealth(input, deadline, progress, context);
    else if (!progress.rested && !isAlone(look)) await rest(look.seen, progress, context);
    else if (decision.action === 'handOver') await handOver(decision.to, progress, context);
    else await unlessUnknown(swapInTurn(input, binary, progress, context), progress, context);
  }
}

async function tooLate(swapped: boolean, input: StepInput, why: string, context: UpgradeContext): Promise<Fault> {
  if (swapped) return notUpgraded(input, why, context);
  return new Fault('UnsafeToStop', `${context.identity.instanceId} was not stopped: ${why}`);
}

/** A member that is well itself is left as it is: another one is what the upgrade halts for. */
async function notUpgraded(input: StepInput, why: string, context: UpgradeContext): Promise<Fault> {
  const { identity, observe } = context;
  const { verdict } = judge(await observe(), { version: input.version, members: [] });
  if (verdict !== 'healthy') return giveUp(input, `it was not healthy in time: ${why}`, context);
  return new Fault(
    'MemberNotHealthy',
    `${identity.instanceId} runs etcd ${input.version} and is healthy, but nothing more is upgraded: ${why}`,
  );
}

/** The only member, and its etcd does not run: nobody else could say anything, and nothing can get worse. */
function isDownAlone(look: Look, { supervisor }: UpgradeContext): boolean {
  return look.seen === null && isAlone(look) && (supervisor.pid === null || supervisor.crashLooping);
}

async function decide(
  input: StepInput,
  seen: Surroundings,
  progress: Progress,
  context: UpgradeContext,
): Promise<StepDecision> {
  const { disk, identity, observe } = context;
  const spec = disk.member();
  const own = seen.members.find(({ name }) => name === identity.instanceId);
  if (spec === null || own === undefined)
    return { action: 'wait', reason: `no healthy member lists ${identity.instanceId}` };
  const observation = await observe();
  progress.flaw = flawOf(observation);
  const health = judge(observation, { version: input.version, members: [] });
  if (health.verdict !== 'healthy') progress.said = health.reasons.join('; ');
  const { handedOver } = progress;
  const reported = [...seen.peers.map(({ clusterVersion }) => clusterVersion), observation.seen.clusterVersion];
  return stepDecision({
    ownId: own.id,
    runs: startedNow(spec, context),
    wanted: input,
    // An answered linearizable read proves that it has caught up; that the others list and hear it, the look at them does.
    ownHealthy: health.verdict === 'healthy' && own.healthy,
    members: seen.members,
    leaderId: seen.leaderId,
    clusterVersion: highestOf(reported),
    handedOver,
  });
}

/** Nobody leaves or joins while this member is down: it has the turn, and looks once more right before it stops. */
async function swapInTurn(
  input: StepInput,
  binary: string,
  progress: Progress,
  context: UpgradeContext,
): Promise<void> {
  const taken = await context.turns.take('upgrade', async (turn) => {
    await requireLock(context);
    const look = await context.look();
    const isNext =
      look.seen === null
        ? isDownAlone(look, context)
        : (await decide(input, look.seen, progress, context)).action === 'swap';
    if (isNext) {
      turn.check();
      await swap(input, binary, progress, context);
      await ownHealth(input, performance.now() + healthyInTurnMs, progress, context);
    }
    return { changed: false, result: null };
  });
  if (taken.busy !== null) await said(progress, taken.busy, context);
}

async function finished(
  { version }: StepInput,
  seen: Surroundings,
  { handedOver, stoppedAtMs, healthyAtMs }: Progress,
  context: UpgradeContext,
): Promise<UpgradedMember> {
  const { identity, receivedAtMs } = context;
  const now = performance.now();
  await unrest({ seen }, context);
  return {
    member: identity.instanceId,
    version,
    handedOver,
    downMs: stoppedAtMs === null ? 0 : Math.round((healthyAtMs ?? now) - stoppedAtMs),
    waitedMs: Math.round(performance.now() - receivedAtMs),
  };
}
