/** What a data folder remembers of its cluster, so that the next start resumes the same one. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '#etcd/faults.ts';
import { firstWithTls, servesTls } from '#etcd/minors.ts';
import { makeFolder } from '../home/folder.ts';
import type { StartOptions } from './options.ts';

export interface ClusterChoice {
  readonly members: number;
  /** Members in the second region as it was created, `members` those at home; absent: one region. */
  readonly remoteMembers?: number;
  readonly etcd: string;
  /** As it was created with. */
  readonly tls: boolean;
  /** Of the certificate authority's key, which later starts may raise; absent: 1. */
  readonly authorityGeneration?: number;
}

const defaults = { members: 3, remoteMembers: 2, etcd: '3.5.35' };

/**
 * The cluster to start in this folder: the one that is there, or a new one as the options say.
 * @throws Fault `InvalidInput` where an option contradicts the cluster that is there.
 */
export function chooseCluster(folder: string, options: StartOptions): ClusterChoice {
  const saved = savedCluster(folder);
  if (saved === null) {
    const { members = defaults.members, etcd = defaults.etcd, tls = true, authorityGeneration } = options;
    if (tls) refuseWithoutTls('--etcd', etcd);
    const { remoteMembers = options.regions === 2 ? defaults.remoteMembers : undefined } = options;
    const two = remoteMembers === undefined ? {} : { remoteMembers };
    return { members, ...two, etcd, tls, ...(authorityGeneration && { authorityGeneration }) };
  }
  refuseChange(folder, '--regions', saved.remoteMembers === undefined ? 1 : 2, options.regions);
  refuseChange(folder, '--members', inWords(saved), options.members === undefined ? undefined : inWords(options));
  refuseChange(folder, '--etcd', saved.etcd, options.etcd);
  refuseOtherTransport(folder, saved.tls, options.tls);
  const { authorityGeneration = saved.authorityGeneration } = options;
  return { ...saved, ...(authorityGeneration && { authorityGeneration }) };
}

/** Once it is certain that there can be such a cluster. */
export function saveCluster(folder: string, cluster: ClusterChoice): void {
  makeFolder(folder);
  writeFileSync(savedAt(folder), `${JSON.stringify(cluster, null, 2)}\n`);
}

function savedCluster(folder: string): ClusterChoice | null {
  const file = savedAt(folder);
  if (!existsSync(file)) return null;
  try {
    // One that was created before there was TLS does not say.
    return { tls: false, ...(JSON.parse(readFileSync(file, 'utf8')) as Omit<ClusterChoice, 'tls'>) };
  } catch (error) {
    const help = 'add --fresh to delete the cluster and start over, or name another folder with --data';
    throw new Fault('InvalidInput', `${file} cannot be read (${(error as Error).message}): ${help}`);
  }
}

/** @param option that the release was given by @throws Fault `InvalidInput` */
export function refuseWithoutTls(option: string, etcd: string): void {
  if (servesTls(etcd)) return;
  const help = `allowed: ${firstWithTls} and later, or ${etcd} with --no-tls`;
  throw new Fault('InvalidInput', `${option} is '${etcd}', which cannot be run with TLS; ${help}`);
}

/** `3`, or `3+2`. */
function inWords({ members, remoteMembers }: Pick<StartOptions, 'members' | 'remoteMembers'>): string {
  return remoteMembers === undefined ? String(members) : `${members}+${remoteMembers}`;
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

function refuseOtherTransport(folder: string, saved: boolean, asked: boolean | undefined): void {
  if (asked === undefined || asked === saved) return;
  const how = saved ? 'with TLS' : 'without TLS';
  throw new Fault(
    'InvalidInput',
    `${asked ? '--tls' : '--no-tls'}, but the cluster in ${folder} was created ${how}: leave the option out and start ` +
      'MigrateToTls, add --fresh to delete it and start over, or name another folder with --data',
  );
}
