/** HTTP with a deadline on the whole exchange, on node:http: global fetch costs 17 MB of resident memory. */
import { createReadStream } from 'node:fs';
import {
  Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { pipeline } from 'node:stream';

/** A file, or a part of one, that is sent as it is read: all of it or nothing. */
export interface FileBody {
  readonly path: string;
  /** Bytes of the file before the part. Absent: the whole file is meant, and one that has grown is not sent. */
  readonly start?: number;
  readonly bytes: number;
}

/** Who this process is to a server, and which servers it believes; each PEM. */
export interface TlsIdentity {
  readonly certificate: string;
  readonly key: string;
  /** One certificate or several. */
  readonly authorities: string;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | FileBody;
  /** Milliseconds for the whole exchange. */
  readonly timeoutMs: number;
  /** Of an `https:` URL; absent: no certificate of its own, and the authorities that Node knows. */
  readonly tls?: TlsIdentity;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** The server was reached, and no TLS came about with it: nothing was asked yet. */
export class HandshakeFailed extends Error {
  override readonly name = 'HandshakeFailed';
}

const plainAgent = new Agent({ keepAlive: true });
/** One for each identity: a connection belongs to whom it was made as. The last one is for none. */
const secureAgents = new WeakMap<TlsIdentity | typeof anonymous, Agent>();
const anonymous = {};

/** Loaded when it is first needed: TLS costs 7 MB of resident memory. */
async function overTls(tls?: TlsIdentity): Promise<{ readonly agent: Agent; readonly request: typeof httpRequest }> {
  const https = await import('node:https');
  const known = secureAgents.get(tls ?? anonymous);
  if (known !== undefined) return { agent: known, request: https.request };
  const presented = tls && { cert: tls.certificate, key: tls.key, ca: tls.authorities, minVersion: 'TLSv1.2' as const };
  const agent = new https.Agent({ keepAlive: true, ...presented });
  secureAgents.set(tls ?? anonymous, agent);
  return { agent, request: https.request };
}

/** Longest answer that is read, in bytes. */
const longestAnswer = 4 * 1024 * 1024;

/** @throws Error where there was no whole answer within the deadline, naming the URL. */
export async function exchange(request: HttpRequest): Promise<HttpAnswer> {
  return read(request, await open(request));
}

/** The rest of an answer. @throws Error as exchange */
export async function read(
  request: Pick<HttpRequest, 'method' | 'url'>,
  response: IncomingMessage,
): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += (chunk as Buffer).length;
    if (size > longestAnswer)
      throw new Error(`${request.method} ${request.url}: the answer is longer than ${longestAnswer} bytes`);
    chunks.push(chunk as Buffer);
  }
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString('utf8') };
}

/** The answer as soon as its headers are there; the deadline goes on until its body was read. @throws HandshakeFailed */
export async function open({ method, url, headers = {}, body, timeoutMs, tls }: HttpRequest): Promise<IncomingMessage> {
  const { agent, request: send } = url.startsWith('https:')
    ? await overTls(tls)
    : { agent: plainAgent, request: httpRequest };
  const isFile = typeof body === 'object';
  const signal = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve, reject) => {
    const outgoing = send(url, {
      method,
      agent,
      signal,
      headers: {
        ...headers,
        ...(body !== undefined && { 'content-length': isFile ? body.bytes : Buffer.byteLength(body) }),
        ...(isFile && { expect: '100-continue' }),
      },
    });
    const shakesHands = url.startsWith('https:') && awaitsHandshake(outgoing);
    outgoing.once('error', (error) => {
      const why = signal.aborted
        ? `no answer within ${timeoutMs} ms`
        : error.message || String((error as NodeJS.ErrnoException).code);
      const Kind = shakesHands && !signal.aborted && shakesHands() ? HandshakeFailed : Error;
      reject(new Kind(`${method} ${url}: ${why}`, { cause: error }));
    });
    outgoing.once('response', resolve);
    if (isFile) sendFile(outgoing, body);
    else outgoing.end(body);
  });
}

/** @returns what says whether its server is connected to and no handshake was made with it yet */
function awaitsHandshake(outgoing: ClientRequest): () => boolean {
  let [connected, secured] = [false, false];
  outgoing.once('socket', (socket) => {
    secured = outgoing.reusedSocket;
    // It is used again and again, and would keep what listens.
    if (secured) return;
    socket.once('connect', () => {
      connected = true;
    });
    socket.once('secureConnect', () => {
      secured = true;
    });
  });
  return () => connected && !secured;
}

/** How long a server may take to say that it wants the file before it is sent anyway: some never say so. */
const continueMs = 1_000;

/** Asks before it sends, so that a refusal is heard: a server that closes on a body it does not want cuts its answer off. */
function sendFile(outgoing: ClientRequest, file: FileBody): void {
  const timer = setTimeout(send, continueMs);
  outgoing.once('continue', send);
  outgoing.once('close', () => clearTimeout(timer));
  outgoing.once('response', (response) => {
    clearTimeout(timer);
    outgoing.off('continue', send);
    // Refused before the file's end: nobody waits for the rest.
    response.once('end', () => {
      if (!outgoing.writableEnded) outgoing.destroy();
    });
  });
  function send(): void {
    clearTimeout(timer);
    outgoing.off('continue', send);
    pipeline(sentTo(outgoing, file), outgoing, () => {});
  }
}

/** What goes wrong with the file is the request's error: a pipeline would only say that it was cut off. */
async function* sentTo(outgoing: ClientRequest, file: FileBody): AsyncGenerator<Buffer> {
  try {
    yield* contentOf(file);
  } catch (error) {
    outgoing.destroy(error as Error);
  }
}

/** @throws Error at the end, where there are more bytes or fewer */
export async function* contentOf({ path, start, bytes }: FileBody): AsyncGenerator<Buffer> {
  let read = 0;
  for await (const chunk of createReadStream(path, start === undefined ? {} : { start, end: start + bytes - 1 })) {
    read += (chunk as Buffer).length;
    if (read > bytes) break;
    yield chunk as Buffer;
  }
  if (read !== bytes) throw new Error(`${path} has not the ${bytes} bytes that it had`);
}
