/** From an instance that has just booted to a running member, or to a reason why it waits. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { etcdArguments, type MemberSpec } from '#etcd/arguments.ts';
import { bootDecision } from '#etcd/bootstrap.ts';
import type { BootstrapRecord } from '#etcd/record.ts';
import type { EtcdCommand } from '../machine/etcdProcess.ts';
import { readIfThere, readJson, writeDurably } from '../machine/files.ts';
import type { Layout } from '../machine/layout.ts';
import type { Log } from '../machine/log.ts';
import type { Identity } from '../machine/metadata.ts';
import type { ClusterRecord } from '../machine/record.ts';
import type { Releases } from '../machine/releases.ts';
import type { AgentPhase } from '../protocol.ts';

export interface BootOptions {
  readonly identity: Identity;
  readonly layout: Layout;
  readonly record: ClusterRecord;
  readonly releases: Releases;
  readonly log: Log;
  readonly enter: (phase: AgentPhase, reason: string) => void;
}

const firstPollMs = 200;
const longestPollMs = 2_000;
const installPauseMs = 2_000;

/** Resolves once there is something to run; until then it looks again and again, and says what it waits for. */
export async function boot(options: BootOptions): Promise<EtcdCommand> {
  const spec = await memberToRun(options);
  const binary = await installed(options, spec.version);
  return { binary, arguments: etcdArguments(spec), dataDir: spec.dataDir };
}

/** X.Y.Z of a command that boot made. */
export function versionOf({ binary }: EtcdCommand): string {
  return binary.split('/').at(-2) ?? '';
}

async function memberToRun(options: BootOptions): Promise<MemberSpec> {
  const { identity, layout, log, enter } = options;
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
      const reason = `the cluster record cannot be read: ${(error as Error).message}`;
      enter(existsSync(layout.claim) ? 'starting' : 'awaitingBootstrap', reason);
      log('record not read', { error: (error as Error).message }, 'warn');
    }
    await sleep(pollMs);
  }
}

interface Look {
  readonly spec: MemberSpec | null;
  readonly phase: AgentPhase;
  readonly reason: string;
}

async function look({ identity, layout, record, log }: BootOptions): Promise<Look> {
  const diskHasMember = existsSync(join(layout.dataDir, 'member'));
  const saved = readJson<MemberSpec>(join(layout.state, 'member.json'));
  // A member that is there needs nobody's leave to go on: the record may be out of reach.
  if (diskHasMember && saved !== null) return { spec: saved, phase: 'starting', reason: 'the disk holds a member' };
  const bootstrap = await record.readBootstrap();
  const started = await record.readStarted(identity.instanceId);
  const claimOnDisk = readIfThere(layout.claim)?.trim() ?? null;
  const { action, reason } = bootDecision({
    instanceId: identity.instanceId,
    diskHasMember,
    claimOnDisk,
    bootstrap,
    claimInRecord: started?.claim ?? null,
  });
  if (action === 'awaitBootstrap') return { spec: null, phase: 'awaitingBootstrap', reason };
  if (action === 'awaitJoin' || bootstrap === null) return { spec: null, phase: 'awaitingJoin', reason };
  if (action === 'formNew') {
    const claim = claimOnDisk ?? newClaim(layout);
    if (!(await record.claimStart(identity.instanceId, claim))) {
      return {
        spec: null,
        phase: 'awaitingJoin',
        reason: `the member ${identity.instanceId} was started before, on a disk that is gone`,
      };
    }
  }
  const spec = specOf(identity, bootstrap, layout);
  writeDurably(join(layout.state, 'member.json'), JSON.stringify(spec));
  log('member decided', { action, reason, version: spec.version });
  return { spec, phase: 'starting', reason };
}

/** On the data volume, and synced, before anybody else hears of it. */
function newClaim(layout: Layout): string {
  const claim = randomUUID();
  writeDurably(layout.claim, `${claim}\n`);
  return claim;
}

function specOf(identity: Identity, bootstrap: BootstrapRecord, layout: Layout): MemberSpec {
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

async function installed({ releases, enter, log }: BootOptions, version: string): Promise<string> {
  for (;;) {
    const there = releases.installed(version);
    if (there !== null) return there;
    enter('installingRelease', `etcd ${version} is being installed`);
    try {
      return await releases.install(version);
    } catch (error) {
      enter('installingRelease', (error as Error).message);
      log('release not installed', { version, error: (error as Error).message }, 'error');
      await sleep(installPauseMs);
    }
  }
}
