/** The same etcd processes, started by hand: what etcd itself needs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { peerUrl } from '#etcd/addresses.ts';
import { etcdArguments } from '#etcd/arguments.ts';
import { resolveEtcd } from '../../infra/local/binaries/resolve.ts';
import { read, write } from '../cluster/kv.ts';

/** Seconds from the first spawn until every member has answered a write and a linearizable read. */
export async function bootBare(members: number, version: string): Promise<number> {
  const binary = await resolveEtcd(version);
  const folder = mkdtempSync(join(tmpdir(), 'etcd-bare-'));
  const network = `127.${1 + (process.pid % 250)}.${Math.floor(Math.random() * 250)}`;
  const all = Array.from({ length: members }, (_, index) => {
    const address = `${network}.${10 + index}`;
    return { name: `m${index}`, address, peerUrl: peerUrl(address) };
  });
  const began = performance.now();
  const children = all.map(({ name, address }) => {
    const dataDir = join(folder, name);
    const spec = { name, version, dataDir, address, members: all, clusterToken: 'bare', clusterState: 'new' } as const;
    return spawn(binary, etcdArguments(spec), { stdio: 'ignore' });
  });
  try {
    await Promise.all(all.map(({ address, name }) => answers(address, version, name)));
    return (performance.now() - began) / 1000;
  } finally {
    await Promise.all(children.map(end));
    rmSync(folder, { recursive: true });
  }
}

async function answers(address: string, version: string, name: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      // Not left hanging on a proposal that an election dropped.
      await write(address, version, `bare/${name}`, name, 500);
      if ((await read(address, version, `bare/${name}`)) === name) return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
