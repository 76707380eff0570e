/**
 * Unwraps `aws-chunked` bodies, in which SDKs send a checksum as a trailer: `SIZE[;chunk-signature=...]CRLF BYTES CRLF ... 0 CRLF
 * NAME:VALUE CRLF ... CRLF` (AWS: Signature Version 4 chunked uploads). Signatures of chunks are not verified.
 */
import { Readable } from 'node:stream';

/** @param heard what the trailers say, by lower-case name, before the stream ends */
export function unchunked(body: Readable, heard: (trailers: Record<string, string>) => void): Readable {
  return Readable.from(chunks(body, heard));
}

async function* chunks(body: Readable, heard: (trailers: Record<string, string>) => void): AsyncGenerator<Buffer> {
  let held: Buffer = Buffer.alloc(0);
  let wanted: number | null = null;
  let ended = false;
  for await (const piece of body) {
    held = Buffer.concat([held, piece as Buffer]);
    while (!ended) {
      if (wanted === null) {
        const end = held.indexOf('\r\n');
        if (end < 0) break;
        wanted = Number.parseInt(held.subarray(0, end).toString('latin1'), 16);
        held = held.subarray(end + 2);
        ended = wanted === 0;
        if (ended) break;
      }
      if (held.length < wanted + 2) break;
      yield held.subarray(0, wanted);
      held = held.subarray(wanted + 2);
      wanted = null;
    }
  }
  heard(trailersIn(held.toString('latin1')));
}

function trailersIn(text: string): Record<string, string> {
  const trailers: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(/^([^:\r\n]+):(.*)$/gm))
    trailers[name.toLowerCase()] = value.trim();
  return trailers;
}
