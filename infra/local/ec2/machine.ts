/**
 * What stands for the machine of an instance: a folder as its file system, its metadata service, what user data would
 * install, and the agent as systemd would keep it (Restart=always). What it does not do: run the user data script itself,
 * separate volumes, users, systemd units, a network of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { endProcess, processOf, startTimeOf } from '../../../agent/machine/processes.ts';
import { launcher, nodeOptions } from '../../userData.ts';
import type { InstanceLinks } from '../links/index.ts';
import type { ObjectStore } from '../s3/store.ts';
import { AwsError, type HomeContext } from '../wire/service.ts';
import { type MetadataSource, metadataPort, startMetadata } from './metadata.ts';
import { killProcesses } from './processes.ts';

/** As `RestartSec` of the agent's unit. */
const restartDelayMs = 1_000;
/** How often user data looks for what it waits for. */
const lookEveryMs = 250;

export interface Machine {
  /** Its file system. */
  readonly root: string;
  /** Starts metadata and, after what user data does, the agent. @throws Error where user data fails. */
  boot(): Promise<void>;
  /** Resolves when user data waits for what it is to fetch, as long as that may take. */
  readonly waiting: Promise<void>;
  /** Ends agent and etcd; the disk stays. */
  stop(): Promise<void>;
  /** Ends all its processes as a shutdown does and starts the agent again, on the same disk and address. */
  reboot(): Promise<void>;
  /** Ends all its processes as a power cut does, with SIGKILL; nothing starts again. The disk stays. */
  cutPower(): Promise<void>;
  /** The environment in which Run Command runs scripts. */
  readonly environment: Readonly<Record<string, string>>;
  /** Pid of the agent; null while it is down. */
  agentPid(): number | null;
}

/** What user data reads objects with. */
type Objects = Pick<ObjectStore, 'get' | 'read'>;

export function createMachine(
  context: HomeContext,
  links: InstanceLinks,
  objects: Objects,
  source: MetadataSource,
): Machine {
  const { instanceId, address, zone } = source.instance();
  const root = join(context.folder, 'instances', instanceId);
  const bundle = join(root, 'usr/local/lib/etcd-agent/etcd-agent.cjs');
  const listenAddress = links.listenAddress(address);
  const environment = {
    PATH: `${join(root, 'usr/local/bin')}:${process.env.PATH ?? '/usr/bin:/bin'}`,
    ETCD_AGENT_ROOT: root,
    ETCD_AGENT_SUPERVISOR: 'child',
    ETCD_AGENT_STATUS_ADDRESS: address,
    ...(listenAddress !== null && { ETCD_AGENT_LISTEN_ADDRESS: listenAddress }),
    AWS_ENDPOINT_URL: context.endpoint,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://${address}:${metadataPort}`,
  };
  let metadata: Server | null = null;
  let agent: ChildProcess | null = null;
  let restart: NodeJS.Timeout | null = null;
  let stopped = false;
  let rebooting = false;
  const waiting = Promise.withResolvers<void>();

  function startAgent(): void {
    if (stopped || rebooting) return;
    mkdirSync(join(root, 'var/log/etcd-agent'), { recursive: true });
    const output = openSync(join(root, 'var/log/etcd-agent/stdout.log'), 'a');
    agent = spawn(join(root, 'usr/local/bin/etcd-agent'), ['run'], {
      env: environment,
      cwd: root,
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    agent.once('exit', (code, signal) => startAgain(`the agent ended (${signal ?? `exit ${code}`})`));
    agent.once('error', (error) => startAgain(`the agent could not be started: ${error.message}`));
  }

  function startAgain(why: string): void {
    agent = null;
    if (stopped || rebooting) return;
    context.log(`${instanceId}: ${why}; starting it again`);
    restart = setTimeout(startAgent, restartDelayMs);
  }

  /** SIGTERM first, agent before etcd, as systemd stops them; whatever else runs there is killed. */
  async function shutDown(): Promise<void> {
    if (restart !== null) clearTimeout(restart);
    const startTime = agent?.pid === undefined ? null : startTimeOf(agent.pid);
    if (agent?.pid !== undefined && startTime !== null) await endProcess({ pid: agent.pid, startTime });
    for (const name of ['agent.pid', 'etcd.pid']) {
      const running = processOf(join(root, 'run/etcd-agent', name));
      if (running !== null) await endProcess(running);
    }
    await killProcesses(root);
  }

  function disconnect(): Promise<void> {
    links.close(instanceId);
    return new Promise((resolve) => {
      if (metadata === null) return resolve();
      metadata.close(() => resolve());
      metadata.closeAllConnections();
    });
  }

  /** The bucket is made by the stack of the first region, which may be deployed later than this instance's. */
  async function runUserData(): Promise<void> {
    const release = releaseIn(source.instance().userData);
    while (!stopped && !isThere(objects, release)) {
      waiting.resolve();
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
    if (!stopped) await installAgent(root, bundle, release, objects);
  }

  return {
    root,
    environment,
    waiting: waiting.promise,
    agentPid: () => agent?.pid ?? null,
    async boot() {
      if (stopped) return;
      mkdirSync(join(root, 'run/etcd-agent'), { recursive: true });
      // Left by a home that was killed: systemd has one agent, so has this machine. etcd itself may go on.
      const leftover = processOf(join(root, 'run/etcd-agent/agent.pid'));
      if (leftover !== null) await endProcess(leftover);
      if (stopped) return;
      metadata = await startMetadata(source);
      if (listenAddress !== null && !stopped) await links.open({ instanceId, address, zone, root });
      if (stopped) return disconnect();
      if (!existsSync(bundle)) await runUserData();
      startAgent();
    },
    async stop() {
      stopped = true;
      await shutDown();
      await disconnect();
    },
    async reboot() {
      rebooting = true;
      await shutDown();
      rmSync(join(root, 'run'), { recursive: true, force: true });
      mkdirSync(join(root, 'run/etcd-agent'), { recursive: true });
      rebooting = false;
      // Where user data is not through, it goes on.
      if (existsSync(bundle)) startAgent();
    },
    async cutPower() {
      stopped = true;
      if (restart !== null) clearTimeout(restart);
      await killProcesses(root);
      await disconnect();
    },
  };
}

interface AgentRelease {
  readonly bucket: string;
  readonly key: string;
  readonly sha256: string;
}

/** What user data names. @throws Error where it does not */
function releaseIn(userData: string): AgentRelease {
  const script = Buffer.from(userData, 'base64').toString('utf8');
  const value = (name: string) => assigned(script, name);
  return { bucket: value('AGENT_BUCKET'), key: value('AGENT_KEY'), sha256: value('AGENT_SHA256') };
}

/** @throws AwsError where the instance may not read it: user data would wait for ever */
function isThere(objects: Objects, { bucket, key }: AgentRelease): boolean {
  try {
    return objects.get(bucket, key) !== null;
  } catch (error) {
    if (error instanceof AwsError && error.code === 'NoSuchBucket') return false;
    throw error;
  }
}

/** What user data does on EC2: fetch the agent it names, check it, put `etcd-agent` on the path. */
async function installAgent(root: string, bundle: string, release: AgentRelease, objects: Objects): Promise<void> {
  const { bucket, key, sha256 } = release;
  const object = objects.get(bucket, key);
  if (object === null) throw new Error(`user data: s3://${bucket}/${key} is not there`);
  const bytes = await buffer(objects.read(object));
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (actual !== sha256) throw new Error(`user data: s3://${bucket}/${key} has SHA-256 ${actual}, not ${sha256}`);
  const bin = join(root, 'usr/local/bin/etcd-agent');
  mkdirSync(join(root, 'usr/local/bin'), { recursive: true });
  mkdirSync(join(bundle, '..'), { recursive: true });
  writeFileSync(bin, launcher(`'${process.execPath}' ${nodeOptions}`, `'${bundle}'`));
  chmodSync(bin, 0o755);
  // Renamed into place: a half-written bundle is never taken for a finished boot.
  writeFileSync(`${bundle}.part`, bytes);
  renameSync(`${bundle}.part`, bundle);
}

function assigned(script: string, name: string): string {
  const value = new RegExp(`^(?:export )?${name}=(['"]?)(.*?)\\1$`, 'm').exec(script)?.[2];
  if (value === undefined) throw new Error(`user data does not set ${name}`);
  return value;
}
