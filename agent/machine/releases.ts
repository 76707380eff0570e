/** etcd releases on this instance: fetched, checked by SHA-256, unpacked next to each other. */
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Fault } from '#etcd/faults.ts';
import { officialSha256, officialSumsUrl, officialUrl, sumIn } from '#etcd/releases.ts';
import { isSupported } from '#etcd/versions.ts';
import { bucketKeys } from '../protocol.ts';
import type { Aws } from './aws.ts';
import { open } from './http.ts';
import type { Log } from './log.ts';
import { runProgram } from './program.ts';

/** What is unpacked below a folder. */
export interface Installed {
  /** Path of the binary; null where it is not installed. */
  installed(version: string): string | null;
  /** Path of a program that came with it; null where the release is not installed, or has none: etcdutl is there from 3.5 on. */
  tool(version: string, program: Tool): string | null;
}

export type Tool = 'etcdctl' | 'etcdutl';

export interface Releases extends Installed {
  /**
   * Installs a release unless it is there: from the cluster's bucket, else the official one.
   * @returns path of the binary
   * @throws Fault `ReleaseUnavailable`, saying what was tried
   */
  install(version: string): Promise<string>;
}

const sumTimeoutMs = 10_000;
const archiveTimeoutMs = 300_000;

export function createReleases(folder: string, bucket: string, aws: Aws, log: Log): Releases {
  const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const binary = (version: string) => join(folder, version, 'etcd');

  async function fromBucket(version: string): Promise<[IncomingMessage, string] | null> {
    const key = bucketKeys.etcdRelease(version, arch);
    // The archive first: it has the long deadline, where the bucket has to get it from somewhere itself.
    const archive = await aws.object(bucket, key, archiveTimeoutMs);
    if (archive === null) return null;
    try {
      const sum = await aws.object(bucket, `${key}.sha256`, sumTimeoutMs);
      if (sum !== null) return [archive, (await text(sum)).trim().split(/\s/)[0] ?? ''];
    } catch (error) {
      archive.destroy();
      throw error;
    }
    archive.destroy();
    return null;
  }

  async function fromProject(version: string): Promise<[IncomingMessage, string] | null> {
    const pinned = officialSha256(version, arch);
    const sha256 = pinned ?? sumIn(await text(await followed(officialSumsUrl(version))), version, arch);
    return sha256 === null ? null : [await followed(officialUrl(version, arch)), sha256];
  }

  return {
    ...installedIn(folder),
    async install(version) {
      if (existsSync(binary(version))) return binary(version);
      const tried: string[] = [];
      for (const [where, source] of [
        [`s3://${bucket}/${bucketKeys.etcdRelease(version, arch)}`, fromBucket],
        [officialUrl(version, arch), fromProject],
      ] as const) {
        try {
          const found = await source(version);
          if (found !== null) {
            await unpack(...found, folder, version);
            log('release installed', { version, from: where });
            return binary(version);
          }
          tried.push(`${where}: ${source === fromBucket ? 'not there' : 'no SHA-256 of it is known'}`);
        } catch (error) {
          tried.push(`${where}: ${(error as Error).message}`);
        }
      }
      throw new Fault('ReleaseUnavailable', `etcd ${version} for ${arch} could not be installed (${tried.join('; ')})`);
    },
  };
}

/** Looks below this folder. */
export function installedIn(folder: string): Installed {
  const program = (version: string, name: 'etcd' | Tool) => {
    const path = join(folder, version, name);
    return existsSync(path) ? path : null;
  };
  return { installed: (version) => program(version, 'etcd'), tool: program };
}

/** Removes what is installed below this folder, but for these versions: one release more is 100 MB of the root volume. */
export function removeReleasesBut(folder: string, kept: readonly string[]): readonly string[] {
  const removed = installedVersions(folder).filter((version) => !kept.includes(version));
  for (const version of removed) rmSync(join(folder, version), { recursive: true, force: true });
  return removed;
}

/** Versions with a binary below this folder. */
export function installedVersions(folder: string): readonly string[] {
  const { installed } = installedIn(folder);
  return readdirSync(folder).filter((version) => isSupported(version) && installed(version) !== null);
}

/** GitHub's downloads redirect to its storage. */
async function followed(url: string, redirects = 5): Promise<IncomingMessage> {
  const response = await open({ method: 'GET', url, timeoutMs: archiveTimeoutMs });
  const { statusCode = 0, headers } = response;
  if (statusCode === 200) return response;
  response.resume();
  if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined && redirects > 0) {
    const next = new URL(headers.location, url);
    if (next.protocol !== 'https:')
      throw new Error(`it leads on to ${next.protocol}//${next.host}, which is not HTTPS`);
    return followed(next.href, redirects - 1);
  }
  throw new Error(`HTTP ${statusCode}`);
}

/** Hashes while it writes, and only then unpacks; renamed into place, so that it is there whole or not at all. */
async function unpack(archive: IncomingMessage, sha256: string, folder: string, version: string): Promise<void> {
  const work = join(folder, `.${version}.${process.pid}`);
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  try {
    const file = join(work, 'etcd.tar.gz');
    const hash = createHash('sha256');
    const hashing = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        done(null, chunk);
      },
    });
    await pipeline(archive, hashing, createWriteStream(file));
    const actual = hash.digest('hex');
    if (actual !== sha256) throw new Error(`its SHA-256 is ${actual}, expected ${sha256}`);
    await runProgram('tar', ['-xzf', file, '-C', work, '--strip-components=1', '--no-same-owner']);
    rmSync(file);
    if (!existsSync(join(work, 'etcd'))) throw new Error('the archive has no etcd in it');
    rmSync(join(folder, version), { recursive: true, force: true });
    renameSync(work, join(folder, version));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function text(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
