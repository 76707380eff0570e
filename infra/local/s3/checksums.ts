/**
 * The bytes of a PutObject request, checked against what the request says of them, in its headers or in the trailers of a
 * chunked body: SHA-256, CRC32, and the hash that it was signed with (Amazon S3 user guide: Checking object integrity). What
 * it does not check: SHA-1, CRC32C, CRC64NVME, Content-MD5.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { AwsError } from '../wire/service.ts';
import { unchunked } from './chunked.ts';

/** Ends with an AwsError where they do not match, so that nothing is stored. */
export function verified(request: IncomingMessage): Readable {
  return Readable.from(checked(request));
}

async function* checked(request: IncomingMessage): AsyncGenerator<Buffer> {
  const said: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) said[name] = String(value);
  const signedHash = said['x-amz-content-sha256'] ?? '';
  const chunked = signedHash.startsWith('STREAMING-');
  const body = chunked ? unchunked(request, (trailers) => Object.assign(said, trailers)) : request;
  const sha256 = createHash('sha256');
  let crc = 0;
  for await (const chunk of body) {
    sha256.update(chunk);
    crc = crc32(chunk, crc);
    yield chunk;
  }
  const digest = sha256.digest();
  const crcBytes = Buffer.alloc(4);
  crcBytes.writeUInt32BE(crc);
  requireSame(said['x-amz-checksum-sha256'], digest.toString('base64'), 'SHA-256');
  requireSame(said['x-amz-checksum-crc32'], crcBytes.toString('base64'), 'CRC32');
  if (/^[0-9a-f]{64}$/.test(signedHash) && signedHash !== digest.toString('hex')) {
    const message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
    throw new AwsError('XAmzContentSHA256Mismatch', message, 400);
  }
}

function requireSame(said: string | undefined, computed: string, algorithm: string): void {
  if (said === undefined || said === computed) return;
  const message = `The ${algorithm} you specified did not match the calculated checksum.`;
  throw new AwsError('BadDigest', message, 400);
}
