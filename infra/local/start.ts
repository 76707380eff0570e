/**
 * `npm start`: synthesize the app, open the local home, deploy, follow ClusterBootstrap, show where everything is, and
 * stay until Ctrl-C.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { Fault } from '#etcd/faults.ts';
import { progressPrinter } from './binaries/progress.ts';
import { openHome } from './home.ts';
import { startPage } from './page/server.ts';
import { sourceOfHome } from './page/sourceOfHome.ts';
import { bootstrapCluster } from './start/bootstrap.ts';
import { deployCluster, prepareCluster } from './start/deploy.ts';
import { describeEndpoints, dnsEndpoint, writeEndpoints } from './start/endpoints.ts';
import { parseStartOptions, type StartOptions, usage } from './start/options.ts';
import { freePort } from './start/port.ts';
import { chooseCluster, saveCluster } from './start/savedSettings.ts';

async function main(): Promise<void> {
  const options = parseStartOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(usage);
    return;
  }
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

/** Brings the cluster up (or back) and says where it is. */
async function startCluster(folder: string, options: StartOptions, opened: Closing[]): Promise<void> {
  const cluster = chooseCluster(folder, options);
  say(`etcd ${cluster.etcd}, ${cluster.members} member${cluster.members === 1 ? '' : 's'}, data in ${folder}`);
  const progress = progressPrinter(process.stderr);
  const prepared = await prepareCluster(cluster, {}, progress.show).finally(() => progress.end());
  saveCluster(folder, cluster);
  const opening = openHome({ folder });
  // Also while it is being opened: it starts what was running the last time.
  opened.push(() => opening.then((home) => home.close()).catch(() => undefined));
  const home = await opening;
  const source = sourceOfHome(home);
  const page = await startPage({ host: '127.0.0.1', port: options.port ?? (await freePort(8080)), source }).catch(
    portTaken,
  );
  opened.push(page.close);
  say('Watch it at', page.url);
  const outputs = await deployCluster(home, prepared);
  const { accessKeyId, secretAccessKey } = home.credentials;
  const reached = {
    page: page.url,
    awsEndpoint: home.endpoint,
    region: home.context.region,
    credentials: { accessKeyId, secretAccessKey },
    stateMachineArn: outputs.ClusterBootstrapArn ?? '',
    dns: dnsEndpoint(home.services.dns, outputs),
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
  const endpoints = { ...reached, ...bootstrapped };
  process.stdout.write(describeEndpoints(endpoints, writeEndpoints(folder, endpoints)));
  say('Ctrl-C stops it; the data stays.');
}

function portTaken(error: NodeJS.ErrnoException & { port?: number }): never {
  if (error.code !== 'EADDRINUSE') throw error;
  const help = 'name another, or leave it out for one that is free';
  throw new Fault('InvalidInput', `--port is '${error.port}', where another program listens; ${help}`);
}

function refuseFile(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
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
