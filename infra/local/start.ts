/**
 * `npm start`: synthesize the app, open the local home, deploy, follow ClusterBootstrap, show where everything is, and
 * stay until Ctrl-C.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { Fault } from '#etcd/faults.ts';
import type { IdentityFiles } from '../clientCertificate/issue.ts';
import { progressPrinter } from './binaries/progress.ts';
import { makeFolder } from './home/folder.ts';
import { type Home, openHome } from './home.ts';
import { startPage } from './page/server.ts';
import { sourceOfHome } from './page/sourceOfHome.ts';
import { type Bootstrapped, bootstrapCluster } from './start/bootstrap.ts';
import { deployCluster, prepareCluster, setRoundTrip } from './start/deploy.ts';
import { describeEndpoints, dnsEndpoint, type Endpoints, writeEndpoints } from './start/endpoints.ts';
import { operatorFiles, operatorIdentity } from './start/operator.ts';
import { parseStartOptions, type StartOptions, usage } from './start/options.ts';
import { freePort } from './start/port.ts';
import { chooseCluster, saveCluster } from './start/savedSettings.ts';

async function main(): Promise<void> {
  const options = parseStartOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(usage);
    return;
  }
  // What this process and those it starts write is its owner's alone, whatever the folder's own mode.
  process.umask(0o077);
  // A terminal that was closed, or a pipe that nobody reads, must not keep this process from cleaning up.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const folder = resolve(options.data);
  refuseFile(folder);
  if (options.fresh) await startOver(folder);
  const opened: Closing[] = [];
  try {
    await Promise.race([startCluster(folder, options, opened).then(() => forever), interrupted()]);
    say('Stopping; the data stays in', folder);
  } finally {
    for (const close of opened.reverse()) await close();
  }
}

type Closing = () => Promise<void>;

/** Between two regions of a continent, milliseconds. */
const usualRoundTripMs = 25;

/** Brings the cluster up (or back) and says where it is. */
async function startCluster(folder: string, options: StartOptions, opened: Closing[]): Promise<void> {
  const cluster = chooseCluster(folder, options);
  const { members, remoteMembers } = cluster;
  const count =
    remoteMembers === undefined
      ? `${members} member${members === 1 ? '' : 's'}`
      : `${members} + ${remoteMembers} members in two regions`;
  say(`etcd ${cluster.etcd}, ${count}, data in ${folder}`);
  const progress = progressPrinter(process.stderr);
  const prepared = await prepareCluster(cluster, {}, progress.show).finally(() => progress.end());
  const isNew = !existsSync(`${folder}/cluster.json`);
  saveCluster(folder, cluster);
  const opening = openHome({ folder, links: remoteMembers !== undefined });
  // Also while it is being opened: it starts what was running the last time.
  opened.push(() => opening.then((home) => home.close()).catch(() => undefined));
  const home = await opening;
  const source = sourceOfHome(home);
  const page = await startPage({
    host: '127.0.0.1',
    port: options.port ?? (await freePort(8080)),
    source,
    log: home.context.log,
  }).catch(portTaken);
  opened.push(page.close);
  say('Watch it at', page.urlWithToken);
  // A start that says nothing of it leaves the links as they were left.
  const roundTripMs = options.roundTripMs ?? (isNew ? usualRoundTripMs : undefined);
  if (remoteMembers !== undefined && roundTripMs !== undefined) await setRoundTrip(home, roundTripMs);
  const outputs = await deployCluster(home, prepared);
  const { accessKeyId, secretAccessKey } = home.credentials;
  const reached = {
    page: page.urlWithToken,
    awsEndpoint: home.endpoint,
    region: home.context.region,
    credentials: { accessKeyId, secretAccessKey },
    stateMachineArn: outputs.ClusterBootstrapArn ?? '',
    dns: dnsEndpoint(home.services.dns, outputs),
    ...otherDns(home, outputs),
    outputs,
  };
  // Also where the bootstrap fails: `npm run status` says what is wrong.
  writeEndpoints(folder, { ...reached, members: [] });
  const bootstrapped = await bootstrapCluster(home, outputs, say).catch((error: Error) => {
    // What failed can be looked at, and started again, on the page.
    say(error.message);
    return null;
  });
  if (bootstrapped === null) {
    say('The cluster is not up; the page shows where it stopped. Ctrl-C stops what runs.');
    return;
  }
  const operator = await certificateOfOperator(home, folder, bootstrapped);
  const endpoints = { ...reached, ...bootstrapped, ...(operator && { operator }) };
  process.stdout.write(describeEndpoints(endpoints, writeEndpoints(folder, endpoints)));
  say('Ctrl-C stops it; the data stays.');
}

function otherDns(home: Home, outputs: Readonly<Record<string, string>>): Pick<Endpoints, 'otherDns'> {
  const [, ...others] = home.regions();
  if (others.length === 0) return {};
  return {
    otherDns: Object.fromEntries(others.map(({ name, services }) => [name, dnsEndpoint(services.dns, outputs)])),
  };
}

/** Null where members ask for none, or where it could not be had. */
async function certificateOfOperator(
  home: Home,
  folder: string,
  { transport, members: [first] }: Bootstrapped,
): Promise<IdentityFiles | null> {
  if (transport !== 'tls' || first === undefined) return null;
  try {
    await operatorIdentity(home, folder, new URL(first.clientUrl).hostname);
    return operatorFiles(folder);
  } catch (error) {
    say(`No certificate for you: ${(error as Error).message}; npm run client-certificate tries again`);
    return null;
  }
}

function portTaken(error: NodeJS.ErrnoException & { port?: number }): never {
  if (error.code !== 'EADDRINUSE') throw error;
  const help = 'name another, or leave it out for one that is free';
  throw new Fault('InvalidInput', `--port is '${error.port}', where another program listens; ${help}`);
}

function refuseFile(folder: string): void {
  try {
    makeFolder(folder);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new Fault('InvalidInput', `--data names ${folder}, which cannot be a folder of this command: ${message}`);
  }
}

/** Removes a data folder, but only one that this command made. */
async function startOver(folder: string): Promise<void> {
  if (readdirSync(folder).length === 0) return;
  if (!existsSync(`${folder}/cluster.json`)) {
    throw new Fault(
      'InvalidInput',
      `--fresh would delete ${folder}, which holds no cluster of this command; name another with --data`,
    );
  }
  const home = await openHome({ folder, resume: false }); // refuses while another process has it; ends leftovers
  await home.close();
  rmSync(folder, { recursive: true });
}

const forever = new Promise<never>(() => {});

function interrupted(): Promise<void> {
  return new Promise((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => stop());
    }
  });
}

const started = Date.now();

function say(...words: string[]): void {
  process.stdout.write(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)}s  ${words.join(' ')}\n`);
}

main().then(
  () => process.exit(0),
  (error: Error) => {
    process.stderr.write(`${error instanceof Fault ? error.message : (error.stack ?? error)}\n`);
    process.exit(error instanceof Fault && error.name === 'InvalidInput' ? 2 : 1);
  },
);
