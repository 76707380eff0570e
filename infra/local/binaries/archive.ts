/**
 * A release as instances fetch it: laid out like the official archive, with its SHA-256. Of the programs in the official one
 * it has etcd and, from 3.5 on, etcdutl, which an upgrade runs on the instance; etcdctl is left out.
 */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { officialVersions } from '#etcd/releases.ts';
import { compareVersions } from '#etcd/versions.ts';
import { isBuildable, revisionOf } from './build.ts';
import { cacheFolder, locked, type Program } from './cache.ts';
import { runProgram } from './program.ts';
import { type ResolveOptions, resolveEtcd, resolveEtcdutl } from './resolve.ts';

export interface ReleaseArchive {
  readonly path: string;
  /** Hex. */
  readonly sha256: string;
}

/**
 * Made once per version and kept beside the binary. Where there is no etcdutl of the version, neither a recipe nor an
 * official release that can be reached, the archive is made without it.
 * @throws Fault as resolveEtcd
 */
export async function releaseArchive(version: string, options: ResolveOptions = {}): Promise<ReleaseArchive> {
  const programs = await programsOf(version, options);
  const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const name = `etcd-v${version}-linux-${arch}`;
  // The file says what is in it: one that was made before there was a tool is not taken for one that has it.
  const content = [name, ...Object.keys(programs).slice(1)].join('+');
  const path = join(cacheFolder(), `${content}${revisionOf(version)}.tar.gz`);
  return locked(`${version}-archive`, async () => {
    if (!existsSync(`${path}.sha256`)) await pack(programs, name, path);
    return { path, sha256: readFileSync(`${path}.sha256`, 'utf8').trim() };
  });
}

type Programs = { readonly etcd: string } & Readonly<Partial<Record<Program, string>>>;

async function programsOf(version: string, options: ResolveOptions): Promise<Programs> {
  const etcd = await resolveEtcd(version, options);
  if (!mayHaveEtcdutl(version)) return { etcd };
  const etcdutl = await resolveEtcdutl(version, options).catch(() => null);
  return etcdutl === null ? { etcd } : { etcd, etcdutl };
}

function mayHaveEtcdutl(version: string): boolean {
  if (compareVersions(version, '3.5.0') < 0) return false;
  return (
    isBuildable('etcdutl', version) || officialVersions(process.arch === 'arm64' ? 'arm64' : 'amd64').includes(version)
  );
}

async function pack(programs: Programs, name: string, path: string): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'etcd-archive-'));
  try {
    mkdirSync(join(work, name));
    for (const [program, file] of Object.entries(programs)) copyFileSync(file, join(work, name, program));
    // Local and short-lived: speed before size.
    await runProgram('tar', ['-czf', `${path}.part`, '-C', work, name], { env: { ...process.env, GZIP: '-1' } });
    const hash = createHash('sha256');
    await pipeline(createReadStream(`${path}.part`), hash);
    renameSync(`${path}.part`, path);
    writeFileSync(`${path}.sha256.part`, `${hash.digest('hex')}\n`);
    renameSync(`${path}.sha256.part`, `${path}.sha256`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
