/** The resident agent: knows who it is, brings etcd up, keeps it up, answers, and does its duties in the cluster. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '#etcd/faults.ts';
import { listeningAt } from '#etcd/listening.ts';
import { stepTimeoutMs } from '#etcd/upgradeStep.ts';
import { isSupported } from '#etcd/versions.ts';
import { createCommands } from './commands/index.ts';
import { upgradeAccess } from './commands/upgradeContext.ts';
import { versionOf } from './duties/boot.ts';
import { createCertificates } from './duties/certificates.ts';
import { createDisk } from './duties/disk.ts';
import { createDns } from './duties/dns.ts';
import { decideEnd, keepMember, startAllowed } from './duties/member.ts';
import { judge, type Observation, observe } from './duties/observe.ts';
import { shareObservations } from './duties/shareObservations.ts';
import { type Standing, startStandingDuties } from './duties/standing.ts';
import { startStatus } from './duties/status.ts';
import { createSupervisor } from './duties/supervise.ts';
import { createSurroundings } from './duties/surroundings.ts';
import { createTransport } from './duties/transport.ts';
import { createTuning } from './duties/tuning.ts';
import { createAws } from './machine/aws.ts';
import { systemClock } from './machine/clock.ts';
import { dataSize } from './machine/etcdFiles.ts';
import { writeDurably } from './machine/files.ts';
import { createInstances } from './machine/group.ts';
import { releasesByChild } from './machine/installProcess.ts';
import { type AgentEnvironment, layoutBelow } from './machine/layout.ts';
import { openLog } from './machine/log.ts';
import { createMembershipTurns } from './machine/membershipTurns.ts';
import { createMetadata, type Identity, type Metadata } from './machine/metadata.ts';
import { startTimeOf } from './machine/processes.ts';
import { createRecord } from './machine/record.ts';
import { createReleases, installedIn } from './machine/releases.ts';
import { listenOnSocket } from './machine/socket.ts';
import { supervisedChild } from './machine/supervisedChild.ts';
import { systemdUnit } from './machine/systemdUnit.ts';
import { createTaskTokens } from './machine/taskToken.ts';
import type { AgentPhase, Description } from './protocol.ts';

export const agentVersion = '0.1.0';

/** The status endpoint answers from the last observation where a new one takes longer than this. */
const patienceMs = 700;

/** Runs until SIGTERM or SIGINT; etcd goes on without it. */
export async function runAgent(environment: AgentEnvironment): Promise<void> {
  const layout = layoutBelow(environment.root);
  const log = openLog(layout.agentLog, (line) => process.stdout.write(line));
  const metadata = createMetadata(environment.metadataEndpoint);
  const pidFile = join(layout.run, 'agent.pid');
  writeDurably(pidFile, `${process.pid} ${startTimeOf(process.pid)}\n`);
  log('agent started', { agentVersion, pid: process.pid, node: process.version });

  let phase: { phase: AgentPhase; reason: string } = { phase: 'starting', reason: 'the agent has just started' };
  const identity = await identityOf(metadata, (reason) => log('no identity yet', { reason }, 'warn'));
  const aws = createAws(metadata, identity.homeRegion, environment.awsEndpoint);
  const record = createRecord(aws, identity);
  const instancesIn = (region: string) => createInstances(aws, region);
  const instances = instancesIn(identity.region);
  const turns = createMembershipTurns(record, identity.instanceId, { ...systemClock, epochMs: aws.nowMs });
  const disk = createDisk(layout);
  const certificates = createCertificates({ ...identity, folder: layout.tls, aws, log });
  const transport = createTransport({ ...identity, certificates, disk, record, state: layout.state, log });
  const around = createSurroundings({ identity, record, instancesIn, turns, transport: transport.ofClients });
  const tuning = createTuning({ identity, layout, record, log, versionOf });
  const etcd =
    environment.supervisor === 'systemd'
      ? systemdUnit()
      : supervisedChild(join(layout.run, 'etcd.pid'), layout.etcdLog);
  const supervisor = createSupervisor({
    etcd,
    state: layout.state,
    log,
    versionOf,
    beforeStart(command) {
      const allowed = startAllowed(disk, command);
      if ('giveUp' in allowed) return allowed;
      transport.noteStart(versionOf(allowed));
      const args = listeningAt(allowed.arguments, environment.listenAddress);
      return tuning.applied({ ...allowed, arguments: args });
    },
    decide: (lastWords) => decideEnd({ disk, look: around, identity, record }, lastWords),
  });
  const look = shareObservations(
    () => observe(identity, supervisor),
    () => supervisor.pid,
  );

  const enter = (next: AgentPhase, reason: string) => {
    // Who leaves does nothing else any more.
    if (phase.phase === 'left' || (phase.phase === 'leaving' && next !== 'left' && next !== 'leaving')) return;
    phase = { phase: next, reason };
  };
  const currentPhase = () => {
    if (phase.phase !== 'running' || !supervisor.crashLooping) return phase;
    const { lastExit } = supervisor.supervision;
    return { phase: 'crashLooping' as const, reason: `etcd exits again and again: ${lastExit}` };
  };
  let standing: Standing | null = null;
  const describe = (observation: Observation): Description => ({
    instanceId: identity.instanceId,
    cluster: identity.cluster,
    zone: identity.zone,
    address: identity.address,
    agentVersion,
    ...currentPhase(),
    etcd: { pid: observation.pid, version: supervisor.version, ...supervisor.supervision },
    member: observation.member,
    transport: transport.own(),
    tls: transport.state(),
    health: judge(observation, { version: null, members: [] }),
    database: observation.database,
    housekeeping: standing?.round ?? null,
    dns: standing?.dns ?? null,
    command: null,
  });

  const current = async () => describe(await look.fresh());
  const releases = releasesByChild(installedIn(layout.releases));
  const dns = createDns({ aws, cluster: identity.cluster, log, audit: record.audit });
  const upgrade = {
    ...{ identity, layout, disk, supervisor, record, turns, log, transport },
    ...{ look: around, observe: look.fresh, describe: current },
    install: releases.install,
    ...upgradeAccess(identity, dns, aws),
  };
  const commands = createCommands({
    state: layout.state,
    tokens: createTaskTokens(aws, log),
    log,
    current,
    health: {
      name: identity.instanceId,
      observe: look.fresh,
      phase: currentPhase,
      withDataMs: (timeoutMs) => stepTimeoutMs(timeoutMs, dataSize(layout.dataDir)),
    },
    upgrade,
    tuning,
  });
  const socket = await listenOnSocket(layout.run, async (line) => JSON.stringify(await commands.receive(line)));
  const status = await startStatus(environment.statusAddress, async () => describe(await look.within(patienceMs)));
  stopOnSignal(() => {
    supervisor.leave();
    socket.close();
    status.close();
    rmSync(pidFile, { force: true });
    log('agent stopped; etcd goes on', { etcd: supervisor.pid });
  });
  commands.resume();

  const shared = { identity, layout, disk, record, turns, instances, metadata, look: around, log, enter };
  standing = startStandingDuties({
    ...shared,
    aws,
    dns,
    tuning,
    transport,
    supervisor,
    observe: look.fresh,
    describe: current,
    instancesIn,
  });
  await keepMember({ ...shared, releases, tuning, transport }, supervisor);
}

/** Installs a release as the agent would. @returns path of the binary @throws Fault `InvalidInput`, `ReleaseUnavailable` */
export async function installRelease(environment: AgentEnvironment, version: string): Promise<string> {
  if (!isSupported(version))
    throw new Fault('InvalidInput', `${version} is not an etcd version; allowed: X.Y.Z of a minor from 2.0 to 3.7`);
  const layout = layoutBelow(environment.root);
  const log = openLog(layout.agentLog, () => {});
  const metadata = createMetadata(environment.metadataEndpoint);
  const { homeRegion, bucket } = await metadata.identity();
  const aws = createAws(metadata, homeRegion, environment.awsEndpoint);
  return createReleases(layout.releases, bucket, aws, log).install(version);
}

async function identityOf(metadata: Metadata, said: (reason: string) => void): Promise<Identity> {
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 5_000)) {
    try {
      return await metadata.identity();
    } catch (error) {
      said((error as Error).message);
      await sleep(pauseMs);
    }
  }
}

function stopOnSignal(stop: () => void): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      stop();
      process.exit(0);
    });
  }
}
