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

/** A file that is sent as it is read, whole or not at all. */
export interface FileBody {
  readonly path: string;
  readonly bytes: number;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | FileBody;
  /** Milliseconds for the whole exchange. */
  readonly timeoutMs: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const plainAgent = new Agent({ keepAlive: true, maxSockets: 8 });
let secure: { readonly agent: Agent; readonly request: typeof httpRequest } | undefined;

/** Loaded when it is first needed: TLS costs 7 MB of resident memory. */
async function overTls(): Promise<NonNullable<typeof secure>> {
  if (secure === undefined) {
    const https = await import('node:https');
    secure ??= { agent: new https.Agent({ keepAlive: true, maxSockets: 8 }), request: https.request };
  }
  return secure;
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

/** The answer as soon as its headers are there; the deadline goes on until its body was read. */
export async function open({ method, url, headers = {}, body, timeoutMs }: HttpRequest): Promise<IncomingMessage> {
  const { agent, request: send } = url.startsWith('https:')
    ? await overTls()
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
    outgoing.once('error', (error) => {
      const why = signal.aborted
        ? `no answer within ${timeoutMs} ms`
        : error.message || String((error as NodeJS.ErrnoException).code);
      reject(new Error(`${method} ${url}: ${why}`, { cause: error }));
    });
    outgoing.once('response', resolve);
    if (isFile) sendFile(outgoing, body);
    else outgoing.end(body);
  });
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
    pipeline(contentOf(file, outgoing), outgoing, () => {});
  }
}

/** What goes wrong with the file is the request's error: a pipeline would only say that it was cut off. */
async function* contentOf({ path, bytes }: FileBody, outgoing: ClientRequest): AsyncGenerator<Buffer> {
  let sent = 0;
  try {
    for await (const chunk of createReadStream(path)) {
      sent += (chunk as Buffer).length;
      if (sent > bytes) break;
      yield chunk as Buffer;
    }
    if (sent !== bytes) throw new Error(`${path} has not the ${bytes} bytes that it had`);
  } catch (error) {
    outgoing.destroy(error as Error);
  }
}
