/** The memory of a running agent beside that of a Node process that only has an HTTP server. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { openTestCluster } from '../cluster/cluster.ts';

export interface Memory {
  readonly rssMiB: number;
  /** What the process alone has written to: the binary's pages, shared and reclaimable, are not in it. */
  readonly privateDirtyMiB: number;
}

const server = "require('node:http').createServer((_, r) => r.end()).listen(0, '127.0.0.1')";

export async function measureMemory(etcd: string, minutes: number): Promise<{ agent: Memory; node: Memory }> {
  const cluster = await openTestCluster({ members: 1, etcd, tls: true });
  const bare = spawn(process.execPath, ['-e', server], { stdio: 'ignore' });
  try {
    await cluster.ended(cluster.firstExecution);
    await new Promise((resolve) => setTimeout(resolve, minutes * 60_000));
    const [instance] = await cluster.home.instances();
    const pid = cluster.home.services.ec2.machine(instance?.instanceId ?? '')?.agentPid();
    return { agent: memoryOf(pid ?? 0), node: memoryOf(bare.pid ?? 0) };
  } finally {
    bare.kill();
    await cluster.close();
  }
}

function memoryOf(pid: number): Memory {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const mebibytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1]) / 1024;
  return { rssMiB: mebibytes('Rss'), privateDirtyMiB: mebibytes('Private_Dirty') };
}
