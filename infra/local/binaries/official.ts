/** Official releases, checked against the pinned SHA-256, or, for versions that are not pinned, the release's own SHA256SUMS. */
import { createHash } from 'node:crypto';
import { createWriteStream, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { officialSha256, officialSumsUrl, officialUrl, sumIn } from '#etcd/releases.ts';
import type { Program } from './cache.ts';
import { runProgram } from './program.ts';
import type { Progress } from './progress.ts';

const connectTimeoutMs = 5_000;
/** Said once per process: a machine without internet access is not asked for each version anew. */
let unreachable: string | null = null;

/**
 * Downloads a release and puts one of its programs to `target`.
 * @throws Error saying why not
 */
export async function fetchOfficial(
  program: Program,
  version: string,
  target: string,
  show: (progress: Progress) => void,
): Promise<void> {
  const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
  if (process.platform !== 'linux') throw new Error('official releases are used on Linux only');
  if (unreachable !== null) throw new Error(unreachable);
  const expected =
    officialSha256(version, arch) ?? sumIn(await (await connect(officialSumsUrl(version))).text(), version, arch);
  if (expected === null) throw new Error(`the release names no SHA-256 of an archive for ${arch}`);
  const response = await connect(officialUrl(version, arch));
  const work = mkdtempSync(join(tmpdir(), 'etcd-release-'));
  try {
    const archive = join(work, 'etcd.tar.gz');
    const actual = await download(response, archive, version, show);
    if (actual !== expected) throw new Error(`its SHA-256 is ${actual}, not ${expected}`);
    await runProgram('tar', ['-xzf', archive, '-C', work, '--strip-components=1']);
    await runProgram('cp', [join(work, program), `${target}.part`]);
    renameSync(`${target}.part`, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function connect(url: string): Promise<Response> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), connectTimeoutMs);
  let response: Response;
  try {
    response = await fetch(url, { signal: abort.signal });
  } catch (error) {
    const cause = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).message;
    unreachable = `${new URL(url).host} cannot be reached (${abort.signal.aborted ? `no answer within ${connectTimeoutMs / 1000} s` : cause})`;
    throw new Error(unreachable);
  } finally {
    clearTimeout(timer);
  }
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status}`);
  return response;
}

async function download(
  response: Response,
  file: string,
  version: string,
  show: (progress: Progress) => void,
): Promise<string> {
  const total = Number(response.headers.get('content-length')) || null;
  const hash = createHash('sha256');
  let size = 0;
  const watch = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      size += chunk.length;
      const of = total === null ? '' : ` of ${(total / 1e6).toFixed(1)}`;
      show({
        task: `etcd ${version}`,
        detail: `downloading ${(size / 1e6).toFixed(1)}${of} MB`,
        fraction: total === null ? null : size / total,
      });
      done(null, chunk);
    },
  });
  if (response.body === null) throw new Error('the answer has no body');
  await pipeline(
    Readable.fromWeb(response.body as import('node:stream/web').ReadableStream),
    watch,
    createWriteStream(file),
  );
  return hash.digest('hex');
}
