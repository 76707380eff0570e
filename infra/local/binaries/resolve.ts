/** Finds etcd X.Y.Z, and its tools: the cache, a folder or the PATH, the official release, a build from the Go modules. */
import { copyFileSync, existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '#etcd/faults.ts';
import { buildEtcd, revisionOf } from './build.ts';
import { cacheFolder, isEtcd, locked, type Program } from './cache.ts';
import { fetchOfficial } from './official.ts';
import type { Progress } from './progress.ts';

export type { Progress } from './progress.ts';

export interface ResolveOptions {
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Path of an etcd binary that says that it is this version. What was found outside is kept in the cache.
 * @throws Fault `ReleaseUnavailable`, saying what was tried and what to install
 */
export function resolveEtcd(version: string, options: ResolveOptions = {}): Promise<string> {
  return resolveProgram('etcd', version, options);
}

/** Path of the etcdctl of a version: of those in recipes/, or of an official release. @throws Fault as resolveEtcd */
export function resolveEtcdctl(version: string, options: ResolveOptions = {}): Promise<string> {
  return resolveProgram('etcdctl', version, options);
}

/** Path of the etcdutl of a version, 3.5 on: of those in recipes/, or of an official release. @throws Fault as resolveEtcd */
export function resolveEtcdutl(version: string, options: ResolveOptions = {}): Promise<string> {
  return resolveProgram('etcdutl', version, options);
}

/** Where it is kept, once it was had: a file of the cache. */
export function cachedAt(program: Program, version: string): string {
  return join(cacheFolder(), `${program}-${version}${revisionOf(version)}`);
}

async function resolveProgram(
  program: Program,
  version: string,
  { onProgress = () => {} }: ResolveOptions,
): Promise<string> {
  const name = `${program}-${version}`;
  const cached = cachedAt(program, version);
  if (existsSync(cached)) return cached;
  return locked(program === 'etcd' ? version : name, async () => {
    // Whoever held the lock may have made it.
    if (existsSync(cached)) return cached;
    const tried: string[] = [];
    for (const [where, way] of ways) {
      try {
        await way(program, version, cached, onProgress);
        return cached;
      } catch (error) {
        tried.push(`${where}: ${(error as Error).message}`);
      }
    }
    const help = `install Go 1.21 or newer, allow downloads from github.com, or put a binary named ${program}-X.Y.Z into a folder named by ETCD_BINARIES`;
    throw new Fault(
      'ReleaseUnavailable',
      `${program} ${version} could not be had. Tried: ${tried.join('; ')}. To help: ${help}`,
    );
  });
}

type Way = (program: Program, version: string, target: string, show: (progress: Progress) => void) => Promise<void>;

const ways: readonly [where: string, way: Way][] = [
  ['ETCD_BINARIES and PATH', fromFolders],
  ['the official release', fetchOfficial],
  ['a build from the Go modules', buildEtcd],
];

async function fromFolders(program: Program, version: string, target: string): Promise<void> {
  const own = process.env.ETCD_BINARIES;
  const folders = [...(own ? [own] : []), ...(process.env.PATH ?? '').split(':').filter(Boolean)];
  for (const file of folders.flatMap((folder) => [join(folder, `${program}-${version}`), join(folder, program)])) {
    if (!existsSync(file) || !(await isEtcd(file, version, program))) continue;
    copyFileSync(file, `${target}.part`);
    renameSync(`${target}.part`, target);
    return;
  }
  throw new Error(`no ${program} of this version there`);
}
