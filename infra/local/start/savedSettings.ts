/** What a data folder remembers of its cluster, so that the next start resumes the same one. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '#etcd/faults.ts';
import type { StartOptions } from './options.ts';

export interface ClusterChoice {
  readonly members: number;
  readonly etcd: string;
}

const defaults: ClusterChoice = { members: 3, etcd: '3.5.35' };

/**
 * The cluster to start in this folder: the one that is there, or a new one as the options say.
 * @throws Fault `InvalidInput` where an option contradicts the cluster that is there.
 */
export function chooseCluster(folder: string, options: StartOptions): ClusterChoice {
  const saved = savedCluster(folder);
  if (saved === null) return { members: options.members ?? defaults.members, etcd: options.etcd ?? defaults.etcd };
  refuseChange(folder, '--members', saved.members, options.members);
  refuseChange(folder, '--etcd', saved.etcd, options.etcd);
  return saved;
}

/** Once it is certain that there can be such a cluster. */
export function saveCluster(folder: string, cluster: ClusterChoice): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(savedAt(folder), `${JSON.stringify(cluster, null, 2)}\n`);
}

function savedCluster(folder: string): ClusterChoice | null {
  const file = savedAt(folder);
  if (!existsSync(file)) return null;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ClusterChoice;
  } catch (error) {
    const help = 'add --fresh to delete the cluster and start over, or name another folder with --data';
    throw new Fault('InvalidInput', `${file} cannot be read (${(error as Error).message}): ${help}`);
  }
}

function savedAt(folder: string): string {
  return join(folder, 'cluster.json');
}

function refuseChange(folder: string, option: string, saved: unknown, asked: unknown): void {
  if (asked === undefined || asked === saved) return;
  const ways =
    'leave the option out to resume it, add --fresh to delete it and start over, or name another folder with --data';
  throw new Fault('InvalidInput', `${option} is ${asked}, but the cluster in ${folder} has ${saved}: ${ways}`);
}
