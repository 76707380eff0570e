/** etcd's own programs that find a cluster by its SRV records. They ask the servers of /etc/resolv.conf, on port 53 alone. */
import type { ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { clientPort } from '#etcd/addresses.ts';
import { identityFiles } from '../../infra/clientCertificate/issue.ts';
import { resolveEtcd, resolveEtcdctl } from '../../infra/local/binaries/resolve.ts';
import { eventually, type TestCluster } from './cluster.ts';
import { spawnWithFile, whyNoMounts } from './ownMounts.ts';

export interface EtcdDiscovery {
  /** The cluster's authority, which a program is to believe. */
  readonly authorities: string;
  /** Runs etcdctl to its end, as this test's client. @returns what it printed to stdout @throws Error with what it printed where it fails */
  etcdctl(...args: readonly string[]): Promise<string>;
  /**
   * Runs a program of the server's binary that serves clients at `address`, port 2379, until all is closed.
   * @returns the names that it found, in its order, where it says so
   */
  serve(address: string, ...args: readonly string[]): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Why etcd's programs cannot be given the home's DNS server here; null where they can. */
export async function whyNoDiscovery(): Promise<string | null> {
  const why = whyNoMounts();
  if (why !== null) return why;
  const socket = createSocket('udp4').bind(53, '127.0.0.53');
  // Another server on that very address is as good a sign.
  const refusal = await Promise.race([once(socket, 'listening').then(() => null), once(socket, 'error')]);
  if (refusal === null) socket.close();
  const { code } = (refusal?.[0] ?? {}) as NodeJS.ErrnoException;
  return code === 'EACCES' ? 'only root may listen on port 53 here, and etcd asks no other port' : null;
}

/** @param region whose DNS server is asked; the first one's unless it is given */
export async function openEtcdDiscovery(
  cluster: TestCluster,
  version: string,
  region = cluster.home.context.region,
): Promise<EtcdDiscovery> {
  const { address } = (await cluster.home.region(region)).services.dns;
  const folder = mkdtempSync(join(cluster.folder, 'discovery-'));
  const resolver = join(folder, 'resolv.conf');
  writeFileSync(resolver, `nameserver ${address}\n`);
  const { key, certificate, authorities } = identityFiles(folder, 'client');
  const { identity } = cluster;
  if (identity === null) throw new Error('the cluster is to be one with TLS');
  writeFileSync(key, identity.key, { mode: 0o600 });
  writeFileSync(certificate, identity.certificate);
  writeFileSync(authorities, identity.authorities);
  const shown = [`--cacert=${authorities}`, `--cert=${certificate}`, `--key=${key}`];
  const [etcd, etcdctl] = [await resolveEtcd(version), await resolveEtcdctl(version)];
  const domain = `--discovery-srv=${cluster.outputs.DiscoveryDomain}`;
  const served: ChildProcess[] = [];

  const start = (command: readonly string[], output: number) =>
    spawnWithFile(resolver, '/etc/resolv.conf', command, {
      cwd: folder,
      stdio: ['ignore', 'pipe', output],
      env: { PATH: process.env.PATH, ETCDCTL_API: '3' },
    });

  return {
    authorities,
    async etcdctl(...args) {
      const log = openSync(join(folder, 'etcdctl.log'), 'w');
      const child = start([etcdctl, domain, ...shown, ...args], log);
      closeSync(log);
      let out = '';
      child.stdout?.on('data', (chunk: Buffer) => (out += chunk));
      const [code] = await once(child, 'close');
      if (code === 0) return out;
      throw new Error(`etcdctl ${args.join(' ')}: exit ${code}: ${out}${readFileSync(join(folder, 'etcdctl.log'))}`);
    },
    async serve(listening, ...args) {
      const file = join(folder, `${args[0]}-${served.length}.log`);
      const output = openSync(file, 'w');
      const child = start([etcd, ...args, domain], output);
      closeSync(output);
      child.stdout?.resume();
      served.push(child);
      const log = () => readFileSync(file, 'utf8');
      const serving = eventually(`${args.join(' ')} serves`, () => listens(listening));
      await serving.catch((error: Error) => {
        throw new Error(`${error.message}; it says ${log().slice(-2_000)}`);
      });
      return endpointsIn(log());
    },
    async close() {
      await Promise.all(
        served.map(async (child) => {
          if (child.exitCode !== null || child.signalCode !== null) return;
          const ended = once(child, 'exit');
          child.kill('SIGKILL');
          await ended;
        }),
      );
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Whether the client port takes a connection. */
function listens(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: clientPort }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** What a gateway says of its discovery: a line of JSON with the URLs. */
function endpointsIn(log: string): readonly string[] {
  const told = /"discovered cluster from SRV".*?"endpoints":\[(.*?)\]/.exec(log)?.[1] ?? '';
  return [...told.matchAll(/https:\/\/([^:"]+?)\.?:2379/g)].map(([, name = '']) => name);
}
