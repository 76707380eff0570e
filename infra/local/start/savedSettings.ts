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
  const file = join(folder, 'cluster.json');
  const saved = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ClusterChoice) : null;
  if (saved === null) {
    const chosen = { members: options.members ?? defaults.members, etcd: options.etcd ?? defaults.etcd };
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, `${JSON.stringify(chosen, null, 2)}\n`);
    return chosen;
  }
  refuseChange(folder, '--members', saved.members, options.members);
  refuseChange(folder, '--etcd', saved.etcd, options.etcd);
  return saved;
}

function refuseChange(folder: string, option: string, saved: unknown, asked: unknown): void {
  if (asked === undefined || asked === saved) return;
  const ways =
    'leave the option out to resume it, add --fresh to delete it and start over, or name another folder with --data';
  throw new Fault('InvalidInput', `${option} is ${asked}, but the cluster in ${folder} has ${saved}: ${ways}`);
}
