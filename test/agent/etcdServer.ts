/** One real etcd for a test, with the command line that the agent would give it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { peerUrl } from '#etcd/addresses.ts';
import { etcdArguments } from '#etcd/arguments.ts';
import type { EtcdCommand } from '../../agent/machine/etcdProcess.ts';
import { resolveEtcd } from '../../infra/local/binaries/resolve.ts';

export const memberName = 'i-0123456789abcdef0';

/** The command for a cluster of one, on this address, with its data below this folder. */
export async function singleMember(version: string, address: string, folder: string): Promise<EtcdCommand> {
  const dataDir = join(folder, 'data');
  const members = [{ name: memberName, peerUrl: peerUrl(address) }];
  const spec = {
    name: memberName,
    version,
    dataDir,
    address,
    members,
    clusterToken: 'test',
    clusterState: 'new',
  } as const;
  return { binary: await resolveEtcd(version), arguments: etcdArguments(spec), dataDir };
}

export interface EtcdServer {
  readonly address: string;
  stop(): Promise<void>;
}

export async function startEtcd(version: string, address: string): Promise<EtcdServer> {
  const folder = mkdtempSync(join(tmpdir(), 'etcd-server-'));
  const { binary, arguments: args } = await singleMember(version, address, folder);
  const child: ChildProcess = spawn(binary, args, { stdio: 'ignore', cwd: folder });
  const ended = once(child, 'exit');
  return {
    address,
    async stop() {
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
