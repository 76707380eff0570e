/**
 * `npm start`: synthesize the app, open the local home, deploy, follow ClusterBootstrap, show where everything is, and
 * stay until Ctrl-C.
 */
import { existsSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { Fault } from '#etcd/faults.ts';
import { progressPrinter } from './binaries/progress.ts';
import { openHome } from './home.ts';
import { startPage } from './page/server.ts';
import { sourceOfHome } from './page/sourceOfHome.ts';
import { bootstrapCluster } from './start/bootstrap.ts';
import { deployCluster, prepareCluster } from './start/deploy.ts';
import { describeEndpoints, writeEndpoints } from './start/endpoints.ts';
import { parseStartOptions, type StartOptions, usage } from './start/options.ts';
import { freePort } from './start/port.ts';
import { chooseCluster } from './start/savedSettings.ts';

async function main(): Promise<void> {
  const options = parseStartOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(usage);
    return;
  }
  const folder = resolve(options.data);
  if (options.fresh) await startOver(folder);
  const opened: { close(): Promise<void> }[] = [];
  try {
    await Promise.race([startCluster(folder, options, opened).then(() => forever), interrupted()]);
    say('Stopping; the data stays in', folder);
  } finally {
    for (const part of opened.reverse()) await part.close();
  }
}

/** Brings the cluster up (or back) and says where it is. */
async function startCluster(
  folder: string,
  options: StartOptions,
  opened: { close(): Promise<void> }[],
): Promise<void> {
  const cluster = chooseCluster(folder, options);
  say(`etcd ${cluster.etcd}, ${cluster.members} member${cluster.members === 1 ? '' : 's'}, data in ${folder}`);
  const progress = progressPrinter(process.stderr);
  const prepared = await prepareCluster(cluster, {}, progress.show).finally(() => progress.end());
  const home = await openHome({ folder });
  opened.push(home);
  const source = sourceOfHome(home);
  const page = await startPage({ host: '127.0.0.1', port: options.port ?? (await freePort(8080)), source }).catch(
    portTaken,
  );
  opened.push(page);
  say('Watch it at', page.url);
  const outputs = await deployCluster(home, prepared);
  const { accessKeyId, secretAccessKey } = home.credentials;
  const endpoints = {
    page: page.url,
    awsEndpoint: home.endpoint,
    region: home.context.region,
    credentials: { accessKeyId, secretAccessKey },
    ...(await bootstrapCluster(home, outputs, say)),
  };
  process.stdout.write(describeEndpoints(endpoints, writeEndpoints(folder, endpoints)));
  say('Ctrl-C stops it; the data stays.');
}

function portTaken(error: NodeJS.ErrnoException & { port?: number }): never {
  if (error.code !== 'EADDRINUSE') throw error;
  const help = 'name another, or leave it out for one that is free';
  throw new Fault('InvalidInput', `--port is '${error.port}', where another program listens; ${help}`);
}

/** Removes a data folder, but only one that this command made. */
async function startOver(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
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
