/**
 * A snapshot of the v3 backend of the etcd at an address, to a file. The JSON gateway streams it as one JSON object per chunk;
 * etcd appends the SHA-256 of all that goes before, 32 bytes (etcdserver/api/v3rpc/maintenance.go), which is checked here.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { clientUrl } from '#etcd/addresses.ts';
import { factsOf } from '#etcd/minors.ts';
import { open } from './http.ts';

const hashBytes = 32;

/** @throws Error where it is cut short, its hash is wrong, or etcd refuses */
export async function saveSnapshot(address: string, version: string, file: string, timeoutMs: number): Promise<void> {
  const url = `${clientUrl(address)}${factsOf(version).gatewayPrefix}/maintenance/snapshot`;
  const headers = { 'content-type': 'application/json' };
  const response = await open({ method: 'POST', url, headers, body: '{}', timeoutMs });
  if (response.statusCode !== 200) {
    response.resume();
    throw new Error(`${url} answered ${response.statusCode}`);
  }
  await pipeline(response, blobsOf, createWriteStream(file, { mode: 0o600 }));
  await requireHash(file);
}

async function* blobsOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield blobIn(line);
  }
  yield blobIn(rest);
}

function blobIn(line: string): Buffer {
  if (line.trim() === '') return Buffer.alloc(0);
  const { result, error } = JSON.parse(line) as { result?: { blob?: string }; error?: unknown };
  if (error !== undefined) throw new Error(`the snapshot broke off: ${JSON.stringify(error).slice(0, 300)}`);
  return Buffer.from(result?.blob ?? '', 'base64');
}

async function requireHash(file: string): Promise<void> {
  const { size } = statSync(file);
  if (size <= hashBytes) throw new Error(`the snapshot has ${size} bytes`);
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { end: size - hashBytes - 1 }), hash);
  let last = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { start: size - hashBytes }))
    last = Buffer.concat([last, chunk as Buffer]);
  if (!hash.digest().equals(last)) throw new Error('the hash of the snapshot is not the one that etcd gave with it');
}
