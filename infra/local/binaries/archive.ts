/** A release as instances fetch it: laid out like the official archive, with its SHA-256. */
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
import { cacheFolder, locked } from './cache.ts';
import { runProgram } from './program.ts';
import { type ResolveOptions, resolveEtcd } from './resolve.ts';

export interface ReleaseArchive {
  readonly path: string;
  /** Hex. */
  readonly sha256: string;
}

/** Made once per version and kept beside the binary. @throws Fault as resolveEtcd */
export async function releaseArchive(version: string, options: ResolveOptions = {}): Promise<ReleaseArchive> {
  const binary = await resolveEtcd(version, options);
  const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const name = `etcd-v${version}-linux-${arch}`;
  const path = join(cacheFolder(), `${name}.tar.gz`);
  return locked(`${version}-archive`, async () => {
    if (!existsSync(`${path}.sha256`)) await pack(binary, name, path);
    return { path, sha256: readFileSync(`${path}.sha256`, 'utf8').trim() };
  });
}

async function pack(binary: string, name: string, path: string): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'etcd-archive-'));
  try {
    mkdirSync(join(work, name));
    copyFileSync(binary, join(work, name, 'etcd'));
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
