/**
 * `npm start`: synthesize the app, open the local home, deploy, follow ClusterBootstrap, show where everything is, and
 * stay until Ctrl-C.
 */
import { existsSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { Fault } from '#etcd/faults.ts';
import { releaseArchive } from './binaries/archive.ts';
import { progressPrinter } from './binaries/progress.ts';
import { type Home, openHome } from './home.ts';
import { startPage } from './page/server.ts';
import { sourceOfHome } from './page/sourceOfHome.ts';
import { synthesizedAssembly } from './start/assembly.ts';
import { bootstrapCluster } from './start/bootstrap.ts';
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
  const stopped = untilInterrupted();
  const home = await startCluster(folder, options);
  await stopped;
  say('Stopping; the data stays in', folder);
  await home.close();
}

/** Brings the cluster up (or back) and says where it is. A failed bootstrap leaves the home up, to be looked at. */
async function startCluster(folder: string, options: StartOptions): Promise<{ close(): Promise<void> }> {
  const cluster = chooseCluster(folder, options);
  say(`etcd ${cluster.etcd}, ${cluster.members} member${cluster.members === 1 ? '' : 's'}, data in ${folder}`);
  const progress = progressPrinter(process.stderr);
  const [release, assembly] = await Promise.all([
    releaseArchive(cluster.etcd, { onProgress: progress.show }).finally(() => progress.end()),
    synthesizedAssembly({ members: cluster.members, etcdVersion: cluster.etcd }),
  ]);
  say('Synthesized:', assembly);
  const home = await openHome({ folder });
  try {
    const source = sourceOfHome(home);
    const page = await startPage({ host: '127.0.0.1', port: options.port ?? (await freePort(8080)), source });
    say('Watch it at', page.url);
    const outputs = await home.deploy(assembly, {
      bucketReady: (bucket) => home.publishRelease(bucket, cluster.etcd, release.path, release.sha256),
    });
    const bootstrap = await bootstrapCluster(home, outputs, say);
    const endpoints = {
      page: page.url,
      awsEndpoint: home.endpoint,
      region: home.context.region,
      credentials: home.credentials,
      ...bootstrap,
    };
    process.stdout.write(describeEndpoints(endpoints, writeEndpoints(folder, endpoints)));
    say('Ctrl-C stops it; the data stays.');
    return {
      close: async () => {
        await page.close();
        await home.close();
      },
    };
  } catch (error) {
    await home.close();
    throw error;
  }
}

/** Removes a data folder, but only one that this command made. */
async function startOver(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  if (!existsSync(`${folder}/cluster.json`)) {
    throw new Fault('InvalidInput', `--fresh would delete ${folder}, which holds no cluster of this command; name another with --data`);
  }
  const home: Home = await openHome({ folder, resume: false }); // refuses while another process has it; ends leftovers
  await home.close();
  rmSync(folder, { recursive: true });
}

function untilInterrupted(): Promise<void> {
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
