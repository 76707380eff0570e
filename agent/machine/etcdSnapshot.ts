/**
 * A snapshot of the v3 backend of the etcd at an address, to a file. etcd appends the SHA-256 of all that goes before, 32 bytes
 * (etcdserver/api/v3rpc/maintenance.go), which is checked here.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { snapshotChunks } from './etcdCall.ts';

const hashBytes = 32;

/** @throws Error where it is cut short, its hash is wrong, or etcd refuses */
export async function saveSnapshot(address: string, version: string, file: string, timeoutMs: number): Promise<void> {
  await pipeline(snapshotChunks(address, version, timeoutMs), createWriteStream(file, { mode: 0o600 }));
  await requireHash(file);
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
