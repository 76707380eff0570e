/** From an instance with an empty disk to a registered member that may be started. */
import { isAt, peerUrl } from '#etcd/addresses.ts';
import { type MemberSpec, serving, startedAs, type TlsFiles } from '#etcd/arguments.ts';
import { type JoinDecision, joinDecision } from '#etcd/joining.ts';
import type { LockRecord } from '#etcd/record.ts';
import type { Transport } from '#etcd/transport.ts';
import type { Start } from '#etcd/upgradeStep.ts';
import { type Clock, systemClock } from '../machine/clock.ts';
import { freeBytes } from '../machine/files.ts';
import type { Layout } from '../machine/layout.ts';
import type { Log } from '../machine/log.ts';
import type { MembershipTurns, TurnInHand } from '../machine/membershipTurns.ts';
import type { Identity, Metadata } from '../machine/metadata.ts';
import type { ClusterRecord } from '../machine/record.ts';
import type { AgentPhase } from '../protocol.ts';
import type { Disk } from './disk.ts';
import { type EtcdAccess, etcdOverHttp } from './etcdAccess.ts';
import type { Look, Surroundings } from './surroundings.ts';

export interface JoinOptions {
  readonly identity: Identity;
  readonly layout: Layout;
  readonly metadata: Metadata;
  readonly disk: Disk;
  readonly record: ClusterRecord;
  readonly turns: MembershipTurns;
  readonly look: () => Promise<Look>;
  /** Installs the release unless it is there: before a member is registered that could not be started. */
  readonly install: (version: string) => Promise<unknown>;
  /** How this member is to serve. */
  readonly transport: Transport;
  readonly files: TlsFiles;
  readonly log: Log;
  readonly enter: (phase: AgentPhase, reason: string) => void;
  readonly etcd?: EtcdAccess;
  readonly clock?: Clock;
}

const pauseMs = 500;
/** etcd makes two log files of 64 MB before anything else (wal: SegmentSizeBytes), and then fetches the database. */
const leastRoomBytes = 192 * 1024 * 1024;
/** A membership change waits for its commit. */
const changeTimeoutMs = 7_000;

/**
 * Looks and acts until this instance is a member that may be started; says what it waits for.
 * @returns null where an operation has ended meanwhile: how members serve, and whom they trust, may be another now
 */
export async function join(options: JoinOptions): Promise<MemberSpec | null> {
  const { log, enter, clock = systemClock } = options;
  const hasEnded = operations();
  let said = '';
  for (;;) {
    const step = await nextStep(options, hasEnded).catch((error: Error) => waits(error.message));
    if (step === 'outdated') return null;
    if (step.spec !== null) return step.spec;
    enter('joining', step.reason);
    if (step.reason !== said) log('joining', { reason: step.reason });
    said = step.reason;
    await clock.sleep(pauseMs);
  }
}

type Step = { readonly spec: MemberSpec } | { readonly spec: null; readonly reason: string };

/** @returns whether an operation has ended since the first look, by the lock as it is at each */
function operations(): (lock: LockRecord | null) => boolean {
  let first: number | null = null;
  let underWay = false;
  return (lock) => {
    const token = lock?.token ?? 0;
    first ??= token;
    underWay ||= bars(lock);
    return !bars(lock) && (underWay || token !== first);
  };
}

/** Operations that add instances let them join. */
function bars(lock: LockRecord | null): boolean {
  return lock?.holder !== undefined && lock.joins !== true;
}

async function nextStep(
  options: JoinOptions,
  hasEnded: (lock: LockRecord | null) => boolean,
): Promise<Step | 'outdated'> {
  const { record, look, install, turns } = options;
  const lock = await record.readLock();
  if (hasEnded(lock)) return 'outdated';
  if (bars(lock)) return waits(`${lock?.holder} holds the lock (${lock?.purpose}): nobody joins until it is released`);
  const first = await look();
  if (first.seen === null) return waits(first.reason);
  const { seen } = first;
  const decision = decide(options, seen);
  if (decision.action === 'wait') return waits(decision.reason);
  const room = freeBytes(options.layout.dataVolume);
  // A member that cannot write would be in everybody's way, and each attempt a change of the membership.
  if (decision.action === 'add' && room !== null && room < leastRoomBytes)
    return waits(`the data volume has ${mebibytes(room)} MiB left, and a member needs ${mebibytes(leastRoomBytes)}`);
  const as = lock?.joinAs ?? { version: seen.version, snapshotCount: 0, v2Api: false };
  await install(as.version);
  if (decision.action === 'start') return start(options, seen, as);
  const purpose = decision.action === 'add' ? 'join' : `remove ${decision.memberId}`;
  const newcomer =
    decision.action === 'add' ? { peerUrl: ownPeerUrl(options), instanceId: options.identity.instanceId } : undefined;
  const taken = await turns.take(purpose, (turn) => change(options, decision, turn), newcomer);
  return waits(taken.busy ?? taken.result);
}

function ownPeerUrl({ identity, transport }: Pick<JoinOptions, 'identity' | 'transport'>): string {
  return peerUrl(identity.address, transport === 'tls');
}

const mebibytes = (bytes: number) => Math.floor(bytes / 1024 / 1024);

function waits(reason: string): { readonly spec: null; readonly reason: string } {
  return { spec: null, reason };
}

function decide({ identity, disk, transport }: JoinOptions, seen: Surroundings): JoinDecision {
  const registration = disk.registration();
  return joinDecision({
    self: {
      name: identity.instanceId,
      peerUrl: ownPeerUrl({ identity, transport }),
      zone: identity.zone,
      region: identity.region,
    },
    members: seen.members,
    wanted: seen.group.desiredCapacity,
    version: seen.version,
    registered: registration === null || registration.started ? null : registration,
    sinceChangeMs: seen.sinceChangeMs,
  });
}

/** The view that the decision rests on is older than the turn: only where a new look says the same is it done. */
async function change(
  options: JoinOptions,
  expected: JoinDecision,
  turn: TurnInHand,
): Promise<{ changed: boolean; result: string }> {
  const { disk, record, look, identity, metadata, log, etcd = etcdOverHttp } = options;
  // One that leaves waits for the turns that it finds under way, and must find none after that.
  if ((await metadata.targetLifecycleState()) === 'Terminated')
    return { changed: false, result: 'this instance is being terminated' };
  const { seen, ...rest } = await look();
  if (seen === null) return { changed: false, result: 'reason' in rest ? rest.reason : '' };
  const decision = decide(options, seen);
  if (decision.action !== expected.action || decision.action === 'wait' || decision.action === 'start')
    return { changed: false, result: decision.reason };
  const through = seen.peers.find(({ healthy }) => healthy);
  if (through === undefined) return { changed: false, result: 'no member answers a linearizable read' };
  const membership = etcd.membership({ ...through, timeoutMs: changeTimeoutMs });
  if (decision.action === 'add') await tellPlace(options);
  turn.check();
  const before = seen.members.map(({ id, name }) => `${id} ${name}`);
  let after: readonly string[];
  if (decision.action === 'remove') {
    await membership.remove(decision.memberId);
    after = before.filter((text) => !text.startsWith(`${decision.memberId} `));
  } else {
    const memberId = await membership.add(ownPeerUrl(options), decision.asLearner);
    disk.register({ memberId, started: false });
    disk.own(identity.instanceId);
    after = [...before, `${memberId} ${identity.instanceId}`];
  }
  log('membership changed', { decision, through: through.address });
  await record.audit({ what: decision.reason, why: `${identity.instanceId} joins`, before, after });
  return { changed: true, result: decision.reason };
}

/**
 * Before it can be a member, so that none is listed of which nobody knows where it is while its region is silent. An older claim of this
 * instance says the same of its zone, which never changes; and what is on this disk has an instance that is terminated look whether it was added.
 */
async function tellPlace({ disk, record, identity }: JoinOptions): Promise<void> {
  await record.claimStart(identity.instanceId, disk.claim() ?? disk.newClaim(), identity.zone);
}

/** Registered: every member that answers must list the newcomer, or its start fails with "member count is unequal". */
async function start(options: JoinOptions, seen: Surroundings, as: Start): Promise<Step> {
  const { identity, layout, disk, record, etcd = etcdOverHttp } = options;
  const peers = await etcd.peers(seen.peers.map(({ address }) => address));
  const behind = peers.find(({ list }) => !list.members.some(({ peerUrls }) => isAt(peerUrls, identity.address)));
  if (behind !== undefined) return waits(`${behind.address} does not list this member yet`);
  const members = seen.members.map((member) => ({
    name: isAt(member.peerUrls, identity.address) ? identity.instanceId : member.name,
    peerUrl: member.peerUrls[0] ?? '',
  }));
  const unnamed = members.find(({ name }) => name === '');
  if (unnamed !== undefined) return waits(`the member at ${unnamed.peerUrl} has not started`);
  const registration = disk.registration();
  if (registration === null) return waits('the registration of this member is gone from its disk');
  const bootstrap = await record.readBootstrap();
  disk.register({ ...registration, started: true });
  const spec: MemberSpec = {
    name: identity.instanceId,
    version: as.version,
    dataDir: layout.dataDir,
    address: identity.address,
    members,
    clusterToken: bootstrap?.clusterToken ?? identity.cluster,
    clusterState: 'existing',
    ...serving(options.transport, options.files),
  };
  return { spec: startedAs(spec, as) };
}
