/** HTTP with a deadline on the whole exchange, on node:http: global fetch costs 17 MB of resident memory. */
import { Agent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
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
  const response = await open(request);
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
  const signal = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve, reject) => {
    const outgoing = send(url, {
      method,
      agent,
      signal,
      headers: { ...headers, ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) },
    });
    outgoing.once('error', (error) => {
      const why = signal.aborted
        ? `no answer within ${timeoutMs} ms`
        : error.message || String((error as NodeJS.ErrnoException).code);
      reject(new Error(`${method} ${url}: ${why}`, { cause: error }));
    });
    outgoing.once('response', resolve);
    outgoing.end(body);
  });
}
