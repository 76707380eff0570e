/** From an instance that has just booted to a member that may be started, or to a reason why it waits. */
import { type MemberSpec, serving } from '#etcd/arguments.ts';
import { bootDecision } from '#etcd/bootstrap.ts';
import type { BootstrapRecord } from '#etcd/record.ts';
import { systemClock } from '../machine/clock.ts';
import { commandOf, type EtcdCommand } from '../machine/etcdProcess.ts';
import type { Releases } from '../machine/releases.ts';
import type { AgentPhase } from '../protocol.ts';
import { type JoinOptions, join } from './join.ts';
import type { Transport } from './transport.ts';

export interface BootOptions extends Omit<JoinOptions, 'install' | 'transport' | 'files'> {
  readonly releases: Releases;
  readonly transport: Pick<Transport, 'secure' | 'secureAnew' | 'ofNewcomers' | 'files' | 'present'>;
}

const firstPollMs = 200;
const longestPollMs = 2_000;
const installPauseMs = 2_000;

/** Resolves once there is something to run; until then it looks again and again, and says what it waits for. */
export async function boot(options: BootOptions): Promise<EtcdCommand> {
  const spec = await memberToRun(options);
  const binary = await installed(options, spec.version);
  return commandOf(binary, spec);
}

/** X.Y.Z of a command that boot made. */
export function versionOf({ binary }: EtcdCommand): string {
  return binary.split('/').at(-2) ?? '';
}

async function memberToRun(options: BootOptions): Promise<MemberSpec> {
  const { identity, disk, log, enter, clock = systemClock } = options;
  let said = '';
  for (let pollMs = firstPollMs; ; pollMs = Math.min(pollMs * 1.5, longestPollMs)) {
    try {
      const { spec, phase, reason } = await look(options);
      if (spec !== null) return spec;
      enter(phase, reason);
      if (reason !== said)
        log('waiting', { phase, reason, instance: identity.instanceId }, phase === 'awaitingJoin' ? 'error' : 'info');
      said = reason;
    } catch (error) {
      const reason = `not known what to start: ${(error as Error).message}`;
      enter(disk.claim() !== null ? 'starting' : 'awaitingBootstrap', reason);
      log('not decided', { error: (error as Error).message }, 'warn');
    }
    await clock.sleep(pollMs);
  }
}

interface Look {
  readonly spec: MemberSpec | null;
  readonly phase: AgentPhase;
  readonly reason: string;
}

async function look(options: BootOptions): Promise<Look> {
  const { identity, disk, record, log } = options;
  refuseCopy(options);
  refuseLoss(options);
  const saved = disk.member();
  // A member that is there needs nobody's leave to go on: the record may be out of reach.
  if (disk.hasMember() && saved !== null) {
    if (saved.tls !== undefined) await secured(options);
    return starting(saved, 'the disk holds a member');
  }
  const bootstrap = await record.readBootstrap();
  const started = await record.readStarted(identity.instanceId);
  const { action, reason } = bootDecision({
    instanceId: identity.instanceId,
    diskHasMember: disk.hasMember(),
    claimOnDisk: disk.claim(),
    bootstrap,
    claimInRecord: started?.claim ?? null,
  });
  if (action === 'awaitBootstrap') return { spec: null, phase: 'awaitingBootstrap', reason };
  if (bootstrap === null || (action === 'awaitJoin' && bootstrap.createdAt === undefined))
    return { spec: null, phase: 'awaitingJoin', reason };
  const { files } = options.transport;
  const transport = await options.transport.ofNewcomers();
  if (transport === 'plain') options.transport.present();
  else await secured(options, action === 'awaitJoin');
  if (action === 'awaitJoin') {
    log('joining', { reason });
    options.enter('joining', reason);
    const install = (version: string) => installed(options, version);
    const spec = await join({ ...options, transport, files, install });
    if (spec === null) return { spec, phase: 'joining', reason: 'an operation has ended meanwhile: it looks anew' };
    return decided(options, spec, reason);
  }
  if (action === 'formNew') {
    const claim = disk.claim() ?? disk.newClaim();
    if (!(await record.claimStart(identity.instanceId, claim, identity.zone))) {
      const lost = `the member ${identity.instanceId} was started before, on a disk that is gone`;
      return { spec: null, phase: 'awaitingJoin', reason: lost };
    }
  }
  return decided(options, { ...specOf(options, bootstrap), ...serving(transport, files) }, reason);
}

/** @param anew whether those on disk may be of an authority that is gone @throws Error that says what is waited for */
async function secured({ transport }: BootOptions, anew = false): Promise<void> {
  try {
    await (anew ? transport.secureAnew() : transport.secure());
  } catch (error) {
    throw new Error(`there are no certificates yet: ${(error as Error).message}`, { cause: error });
  }
}

/** Data of another instance, as after a volume was copied: two members of one identity would break the cluster's promises. */
function refuseCopy({ identity, disk, log }: BootOptions): void {
  const owner = disk.owner();
  if (owner === null || owner === identity.instanceId || !disk.hasMember()) return;
  const kept = disk.setAside('copied');
  log('data of another instance set aside', { owner, instance: identity.instanceId, kept }, 'error');
}

/** A disk that etcd has written to, and that holds no log any more: under the old id it would have forgotten its votes. */
function refuseLoss({ identity, disk, log }: BootOptions): void {
  if (!disk.hasRun() || disk.hasMember()) return;
  const kept = disk.setAside('wiped');
  log('the data of this member is gone', { instance: identity.instanceId, kept }, 'error');
}

function decided({ identity, disk, log }: BootOptions, spec: MemberSpec, reason: string): Look {
  disk.own(identity.instanceId);
  disk.keepMember(spec);
  log('member decided', { reason, version: spec.version, state: spec.clusterState });
  return starting(spec, reason);
}

function starting(spec: MemberSpec, reason: string): Look {
  return { spec, phase: 'starting', reason };
}

function specOf({ identity, layout }: BootOptions, bootstrap: BootstrapRecord): MemberSpec {
  return {
    name: identity.instanceId,
    version: bootstrap.etcdVersion,
    dataDir: layout.dataDir,
    address: identity.address,
    members: bootstrap.members.map(({ name, peerUrl }) => ({ name, peerUrl })),
    clusterToken: bootstrap.clusterToken,
    clusterState: 'new',
  };
}

async function installed(options: BootOptions, version: string): Promise<string> {
  const { releases, enter, log, clock = systemClock } = options;
  for (;;) {
    const there = releases.installed(version);
    if (there !== null) return there;
    enter('installingRelease', `etcd ${version} is being installed`);
    try {
      return await releases.install(version);
    } catch (error) {
      enter('installingRelease', (error as Error).message);
      log('release not installed', { version, error: (error as Error).message }, 'error');
      await clock.sleep(installPauseMs);
    }
  }
}
