/**
 * Unwraps `aws-chunked` bodies, in which SDKs send a checksum as a trailer: `SIZE[;chunk-signature=...]CRLF BYTES CRLF ... 0 CRLF
 * trailers` (AWS: Signature Version 4 chunked uploads). Trailers are not verified.
 */
import { Readable } from 'node:stream';

export function unchunked(body: Readable): Readable {
  return Readable.from(chunks(body));
}

async function* chunks(body: Readable): AsyncGenerator<Buffer> {
  let held: Buffer = Buffer.alloc(0);
  let wanted: number | null = null;
  for await (const piece of body) {
    held = Buffer.concat([held, piece as Buffer]);
    for (;;) {
      if (wanted === null) {
        const end = held.indexOf('\r\n');
        if (end < 0) break;
        wanted = Number.parseInt(held.subarray(0, end).toString('latin1'), 16);
        held = held.subarray(end + 2);
        if (wanted === 0) {
          for await (const _ of body);
          return;
        }
      }
      if (held.length < wanted + 2) break;
      yield held.subarray(0, wanted);
      held = held.subarray(wanted + 2);
      wanted = null;
    }
  }
}
