/** An instance that is being terminated: it hands over, leaves the cluster where the quorum allows it, and lets go. */
import { isAt } from '#etcd/addresses.ts';
import { type LeaveDecision, leaveDecision } from '#etcd/leaving.ts';
import { wantedAtLeast } from '#etcd/regions.ts';
import { type Clock, systemClock } from '../machine/clock.ts';
import type { Instances } from '../machine/group.ts';
import type { Log } from '../machine/log.ts';
import type { MembershipTurns, TurnInHand } from '../machine/membershipTurns.ts';
import type { Identity, Metadata } from '../machine/metadata.ts';
import type { ClusterRecord } from '../machine/record.ts';
import { type AgentPhase, terminationHook } from '../protocol.ts';
import type { Disk } from './disk.ts';
import { type EtcdAccess, etcdOverHttp } from './etcdAccess.ts';
import type { Supervisor } from './supervise.ts';
import type { Look, Surroundings } from './surroundings.ts';

export interface LeaveOptions {
  readonly identity: Identity;
  readonly metadata: Metadata;
  readonly disk: Disk;
  readonly instances: Instances;
  readonly record: ClusterRecord;
  readonly turns: MembershipTurns;
  readonly look: () => Promise<Look>;
  readonly supervisor: Supervisor;
  readonly log: Log;
  readonly enter: (phase: AgentPhase, reason: string) => void;
  /**
   * Takes this member out of what clients are told.
   * @returns milliseconds until they have stopped coming
   */
  readonly drain?: (seen: Surroundings) => Promise<number>;
  readonly etcd?: EtcdAccess;
  readonly clock?: Clock;
}

/** How often instance metadata is asked whether this instance is to go. */
const watchMs = 1_000;
const pauseMs = 500;
const changeTimeoutMs = 7_000;
/** etcd writes nothing of worth after it was removed; it has this long to end by itself. */
const stopGraceMs = 10_000;

/**
 * Watches, and leaves when Auto Scaling terminates the instance. A reboot or a restart of the agent is no termination.
 * @returns when the instance may go
 */
export async function leaveWhenTerminated(options: LeaveOptions): Promise<void> {
  const { metadata, log, clock = systemClock } = options;
  for (;;) {
    const target = await metadata.targetLifecycleState().catch(() => null);
    if (target === 'Terminated') break;
    await clock.sleep(watchMs);
  }
  log('this instance is being terminated');
  // It may be joining still: who has left would be a member again.
  await options.turns.settled();
  await leave(options);
  await letGo(options);
}

async function leave(options: LeaveOptions): Promise<void> {
  const { enter, log, clock = systemClock } = options;
  let said = '';
  const leaving = { drained: false, handedOff: false };
  for (;;) {
    const step = await nextStep(options, leaving).catch(
      (error: Error): Step => ({ action: 'wait', reason: error.message }),
    );
    if (step.action === 'handOff') leaving.handedOff = true;
    enter('leaving', step.reason);
    if (step.reason !== said) log('leaving', { ...step }, step.action === 'wait' ? 'warn' : 'info');
    said = step.reason;
    if (step.action === 'go') return;
    await clock.sleep(pauseMs);
  }
}

type Step = Pick<LeaveDecision, 'action' | 'reason'>;

interface Leaving {
  drained: boolean;
  handedOff: boolean;
}

async function nextStep(options: LeaveOptions, leaving: Leaving): Promise<Step> {
  const { disk, drain } = options;
  const { handedOff } = leaving;
  if (!disk.hasMember() && disk.registration() === null && disk.claim() === null)
    return { action: 'go', reason: 'this instance never was a member' };
  const first = await options.look();
  if (first.seen === null) return { action: 'wait', reason: first.reason };
  const decision = decide(options, first.seen, handedOff);
  if (decision.action === 'wait' || decision.action === 'go') return decision;
  if (!leaving.drained && drain !== undefined) return drained(options, first.seen, leaving, drain);
  const taken = await options.turns.take('leave', (turn) => act(options, handedOff, turn));
  return taken.busy === null ? taken.result : { action: 'wait', reason: taken.busy };
}

/** Once: clients that still have this member's address would see it refuse them. */
async function drained(
  { enter, log, clock = systemClock }: LeaveOptions,
  seen: Surroundings,
  leaving: Leaving,
  drain: NonNullable<LeaveOptions['drain']>,
): Promise<Step> {
  leaving.drained = true;
  const reason = 'clients are sent to the other members';
  enter('leaving', reason);
  const waitMs = await drain(seen).catch((error: Error) => {
    log('not drained', { error: error.message }, 'warn');
    return 0;
  });
  await clock.sleep(waitMs);
  return { action: 'wait', reason };
}

function decide({ identity }: LeaveOptions, seen: Surroundings, handedOff: boolean): LeaveDecision {
  const own = seen.members.find(
    ({ name, peerUrls }) => name === identity.instanceId || isAt(peerUrls, identity.address),
  );
  return leaveDecision({
    memberId: own?.id ?? null,
    members: seen.members,
    leaderId: seen.leaderId,
    wanted: wantedAtLeast(seen.regions, seen.members),
    version: seen.version,
    sinceChangeMs: seen.sinceChangeMs,
    handedOff,
  });
}

/** As the turn's holder, from a new look. */
async function act(
  options: LeaveOptions,
  handedOff: boolean,
  turn: TurnInHand,
): Promise<{ changed: boolean; result: Step }> {
  const { identity, record, log, etcd = etcdOverHttp } = options;
  const view = await options.look();
  if (view.seen === null) return { changed: false, result: { action: 'wait', reason: view.reason } };
  const { seen } = view;
  const decision = decide(options, seen, handedOff);
  const { members, peers, version } = seen;
  const own = members.find(({ peerUrls }) => isAt(peerUrls, identity.address));
  if (own === undefined || (decision.action !== 'handOff' && decision.action !== 'remove'))
    return { changed: false, result: decision };
  if (decision.action === 'handOff') {
    // Only the leader takes it, and that is this member.
    const here = etcd.membership({ address: identity.address, version, timeoutMs: changeTimeoutMs });
    await here
      .moveLeader(decision.to)
      .catch((error: Error) => log('hand-off refused', { error: error.message }, 'warn'));
    return { changed: false, result: decision };
  }
  const through = peers.find(({ healthy, address }) => healthy && address !== identity.address);
  if (through === undefined)
    return { changed: false, result: { action: 'wait', reason: 'no other member answers a linearizable read' } };
  turn.check();
  await etcd.membership({ ...through, timeoutMs: changeTimeoutMs }).remove(own.id);
  log('membership changed', { decision, through: through.address });
  const before = members.map(({ id, name }) => `${id} ${name}`);
  const after = before.filter((text) => !text.startsWith(`${own.id} `));
  await record.audit({ what: decision.reason, why: 'Auto Scaling terminates its instance', before, after });
  return { changed: true, result: decision };
}

async function letGo(options: LeaveOptions): Promise<void> {
  const { identity, instances, record, supervisor, log, enter, clock = systemClock } = options;
  await supervisor.stop(stopGraceMs);
  enter('left', 'this instance has left the cluster and is being terminated');
  for (let pause = 250; ; pause = Math.min(pause * 2, 10_000)) {
    try {
      const settings = await record.readSettings();
      await instances.completeLifecycleAction(settings?.groupName ?? '', terminationHook, identity.instanceId);
      log('lifecycle action completed');
      return;
    } catch (error) {
      log('lifecycle action not completed', { error: (error as Error).message }, 'warn');
      await clock.sleep(pause);
    }
  }
}
