/**
 * What happens to an instance from outside: power cuts, hangs, disks that are wiped or copied. Processes are told by
 * the instance's folder and signalled by pid and start time; each fault that lasts has an end. Full disks: dataVolumes.ts.
 */
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startTimeOf } from '../../agent/machine/processes.ts';
import type { Machine } from '../../infra/local/ec2/machine.ts';
import { killProcesses, processesOf, signalProcesses } from '../../infra/local/ec2/processes.ts';
import type { Home } from '../../infra/local/home.ts';

export interface LastingFault {
  /** Ends it; a second time does nothing. */
  end(): void;
}

/** What of an instance's disks: `data` is the volume of etcd's data, `state` the agent's own, which is on the root volume. */
export type Disks = 'data' | 'data and state';

const folders: Readonly<Record<Disks, readonly string[]>> = {
  data: ['var/lib/etcd'],
  'data and state': ['var/lib/etcd', 'var/lib/etcd-agent'],
};

/** All processes end by SIGKILL, nothing starts again, the disk is gone; EC2 says shutting-down, then terminated. */
export async function cutPower(home: Home, instanceId: string): Promise<void> {
  await home.services.ec2.lose(instanceId);
}

/** Ends all its processes by SIGKILL; the agent starts again a second later, as systemd does it. */
export async function crash(home: Home, instanceId: string): Promise<void> {
  await killProcesses(machineOf(home, instanceId).root);
}

/**
 * Stops agent and etcd (SIGSTOP): their connections stay open and nothing answers. An agent that hangs cannot be told from
 * one that is slow, so nothing starts it again.
 */
export async function pause(home: Home, instanceId: string): Promise<LastingFault> {
  const { root } = machineOf(home, instanceId);
  // One that runs may start another between the look and the signal.
  let stopped = processesOf(root);
  for (let before = -1; stopped.length !== before; stopped = processesOf(root)) {
    before = stopped.length;
    signalProcesses(stopped, 'SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return { end: () => signalProcesses(stopped, 'SIGCONT') };
}

/** Empties disks under running processes, then crashes them: the agent finds itself on an empty disk. */
export async function wipe(home: Home, instanceId: string, disks: Disks = 'data'): Promise<void> {
  const { root } = machineOf(home, instanceId);
  await pause(home, instanceId);
  for (const folder of folders[disks]) empty(join(root, folder));
  await crash(home, instanceId);
}

/**
 * Gives one instance the disks of another, as a snapshot made while that one ran, and crashes it: two instances with one
 * identity. The source goes on.
 */
export async function copyDisk(home: Home, from: string, to: string, disks: Disks = 'data'): Promise<void> {
  const [source, target] = [machineOf(home, from), machineOf(home, to)];
  const paused = await pause(home, from);
  await pause(home, to);
  try {
    for (const folder of folders[disks]) {
      empty(join(target.root, folder));
      cpSync(join(source.root, folder), join(target.root, folder), { recursive: true });
    }
  } finally {
    paused.end();
  }
  await crash(home, to);
}

function machineOf(home: Home, instanceId: string): Machine {
  const machine = home.services.ec2.machine(instanceId);
  if (machine === null) throw new Error(`${instanceId} does not run`);
  return machine;
}

/** Which of these pids still run. */
export function stillRunning(pids: readonly (number | null | undefined)[]): readonly number[] {
  return pids.filter((pid): pid is number => typeof pid === 'number' && startTimeOf(pid) !== null);
}

/** The folder itself stays: it is the mount point. */
function empty(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const entry of readdirSync(folder)) rmSync(join(folder, entry), { recursive: true, force: true });
}
