/** What a member's step of an upgrade does and waits for; `upgradeMember.ts` decides what is next. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type MemberSpec, startedAs, startOf } from '#etcd/arguments.ts';
import { Fault } from '#etcd/faults.ts';
import { noHttp2 } from '#etcd/health.ts';
import type { KnownMember } from '#etcd/knownMembers.ts';
import type { Start } from '#etcd/upgradeStep.ts';
import { judge, type Observation } from '../duties/observe.ts';
import type { Look, Surroundings } from '../duties/surroundings.ts';
import { swapEtcd } from './swapEtcd.ts';
import type { UpgradeContext } from './upgradeContext.ts';

const pollMs = 100;
/** While others are waited for. */
const waitMs = 500;
const handOverTimeoutMs = 7_000;
const mostFailedSwaps = 3;
/** Leadership goes to a member that its peers have been connected to for so long (etcdserver: HealthInterval), in seconds. */
const settledSeconds = 5;

/** What a member is to become. */
export interface StepInput extends Start {
  /** How long it may take to be healthy again, in milliseconds, before what its data adds. */
  readonly timeoutMs: number;
}

export interface Progress {
  handedOver: boolean;
  rested: boolean;
  failedSwaps: number;
  /** Monotonic. */
  stoppedAtMs: number | null;
  /** When it first answered a read and a write as the new release. */
  healthyAtMs: number | null;
  /** What was waited for last. */
  said: string;
  /** As `flawOf` the last observation. */
  flaw: string | null;
}

/** Others only pass: they are waited for, and the log says so once. */
export async function said(
  progress: Progress,
  reason: string,
  { log }: UpgradeContext,
  forMs: number = waitMs,
): Promise<void> {
  if (progress.said !== reason) log('upgrade waits', { reason });
  progress.said = reason;
  await sleep(forMs);
}

/** How this member's etcd was started. */
export function startedNow(spec: MemberSpec, { transport }: UpgradeContext): Start {
  return { ...startOf(spec), read: transport.read(spec.version).started };
}

/** Asks this member alone, where it costs nothing; the others are looked at again once it answers. */
export async function ownHealth(
  { version }: StepInput,
  deadline: number,
  progress: Progress,
  { observe, supervisor }: UpgradeContext,
): Promise<void> {
  while (performance.now() < deadline && !supervisor.crashLooping && progress.flaw === null) {
    await sleep(pollMs);
    const observation = await observe();
    progress.flaw = flawOf(observation);
    if (judge(observation, { version, members: [] }).verdict === 'healthy') {
      progress.healthyAtMs ??= performance.now();
      return;
    }
  }
}

/** What no waiting mends in a release that was swapped in, in words. */
export function flawOf({ seen }: Observation): string | null {
  return seen.offersHttp2 === false ? noHttp2(seen.name) : null;
}

export async function rest(seen: Surroundings, progress: Progress, context: UpgradeContext): Promise<void> {
  progress.rested = true;
  const forMs = await context.rest(seen).catch((error: Error) => {
    context.log('not taken out of DNS', { error: error.message }, 'warn');
    return 0;
  });
  context.log('clients are sent to the other members', { forMs });
  await sleep(forMs);
}

/** To the member that has been running longest; where none has for long enough, it is waited for. */
export async function handOver(to: readonly KnownMember[], progress: Progress, context: UpgradeContext): Promise<void> {
  const { log, disk, identity } = context;
  const uptimes = await Promise.all(
    to.map(async ({ id, peerUrls }) => ({
      id,
      seconds: (await context.uptimeSeconds(URL.parse(peerUrls[0] ?? '')?.hostname ?? '')) ?? 0,
    })),
  );
  const [heir] = uptimes.sort((a, b) => b.seconds - a.seconds);
  if (heir === undefined || heir.seconds < settledSeconds) {
    const leftMs = heir === undefined ? waitMs : Math.ceil((settledSeconds - heir.seconds) * 1_000);
    const why = 'no other member has been running for 5 s, so none takes over the leadership yet';
    return said(progress, why, context, Math.max(leftMs, pollMs));
  }
  const version = disk.member()?.version ?? '';
  progress.handedOver = true;
  await context
    .membership({ address: identity.address, version, timeoutMs: handOverTimeoutMs })
    .moveLeader(heir.id)
    .catch((error: Error) => log('hand-over refused', { error: error.message }, 'warn'));
  log('leadership handed over', { to: heir.id });
}

/** Where AWS does not answer, nobody knows whether it may go on: it asks again. */
export async function unlessUnknown(work: Promise<void>, progress: Progress, context: UpgradeContext): Promise<void> {
  await work.catch((error: Error) => {
    if (error instanceof Fault) throw error;
    return said(progress, error.message, context);
  });
}

export async function swap(
  input: StepInput,
  binary: string,
  progress: Progress,
  context: UpgradeContext,
): Promise<void> {
  const { disk, log } = context;
  const before = disk.member();
  if (before === null) return;
  const after = { ...startedAs(before, input, context.transport.files), clusterState: 'existing' as const };
  log('etcd is swapped', { from: startOf(before), to: startOf(after) });
  // One that is started as it was has the time that it had.
  progress.stoppedAtMs ??= performance.now();
  const note = () => {
    disk.keepPreviousMember(before);
    disk.keepMember(after);
  };
  const how = {
    from: before,
    to: after,
    binary,
    what: 'swapped',
    why: `a step of ${input.read === undefined ? 'an upgrade' : 'an operation'}`,
    note,
  } as const;
  await swapEtcd(how, context).catch((error: Error) => failedSwap(error, progress, context));
}

/** @throws Fault after the third: etcd was stopped and started as it was each time, which is no way to go on. */
function failedSwap(error: Error, progress: Progress, { identity }: UpgradeContext): never {
  progress.failedSwaps++;
  if (progress.failedSwaps < mostFailedSwaps) throw error;
  throw new Fault(
    'CommandFailed',
    `etcd on ${identity.instanceId} was not swapped, and runs as before: ${error.message} (tried ${mostFailedSwaps} times)`,
  );
}

/** The leader's housekeeping does it too, once the lock is released. */
export async function unrest({ seen }: Look, { unrest, log }: UpgradeContext): Promise<void> {
  if (seen === null) return;
  await unrest(seen).catch((error: Error) => log('not put into DNS again', { error: error.message }, 'warn'));
}
