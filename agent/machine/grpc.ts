/** gRPC calls over HTTP/2 and TLS (grpc.io: gRPC over HTTP2), each with a deadline, on connections that are kept for a while. */
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import type { TlsIdentity } from './http.ts';

export interface GrpcRequest {
  /** `https://ADDRESS:PORT` */
  readonly url: string;
  readonly tls: TlsIdentity;
  /** `/PACKAGE.SERVICE/METHOD` */
  readonly method: string;
  readonly message: Buffer;
  /** Milliseconds for the whole call. */
  readonly timeoutMs: number;
}

/** The server's own answer that it did not do it. */
export class GrpcError extends Error {
  override readonly name = 'GrpcError';
  /** gRPC's status codes: 7 is "permission denied". */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const idleMs = 60_000;
const sessions = new WeakMap<TlsIdentity, Map<string, ClientHttp2Session>>();

/** Loaded when it is first needed. */
async function sessionAt(url: string, tls: TlsIdentity): Promise<ClientHttp2Session> {
  const { connect } = await import('node:http2');
  const known = sessions.get(tls) ?? new Map<string, ClientHttp2Session>();
  sessions.set(tls, known);
  const open = known.get(url);
  if (open !== undefined && !open.closed && !open.destroyed) return open;
  const { certificate: cert, key, authorities: ca } = tls;
  const session = connect(url, { cert, key, ca, minVersion: 'TLSv1.2' });
  known.set(url, session);
  const forget = () => {
    if (known.get(url) === session) known.delete(url);
  };
  session.once('close', forget);
  session.once('goaway', forget);
  // Those who use it hear of it themselves.
  session.on('error', forget);
  session.setTimeout(idleMs, () => session.close());
  session.unref();
  return session;
}

/**
 * The messages that a method answers, as they come.
 * @throws GrpcError where the server refuses; Error where there was no whole answer within the deadline
 */
export async function* grpcMessages({ url, tls, method, message, timeoutMs }: GrpcRequest): AsyncGenerator<Buffer> {
  const session = await sessionAt(url, tls);
  const signal = AbortSignal.timeout(timeoutMs);
  const headers = { ':method': 'POST', ':path': method, 'content-type': 'application/grpc', te: 'trailers' };
  try {
    const stream = session.request(headers, { signal });
    const status = statusOf(stream);
    status.catch(() => undefined);
    stream.end(framed(message));
    yield* unframed(stream);
    const { code, words } = await status;
    if (code !== 0) throw new GrpcError(code, words);
  } catch (error) {
    if (error instanceof GrpcError) throw error;
    const why = signal.aborted ? `no answer within ${timeoutMs} ms` : (error as Error).message;
    throw new Error(`${url}${method}: ${why}`, { cause: error });
  }
}

/** The one message of a method that answers one. @throws as grpcMessages */
export async function grpcMessage(request: GrpcRequest): Promise<Buffer> {
  let last: Buffer | null = null;
  for await (const message of grpcMessages(request)) last = message;
  if (last === null) throw new Error(`${request.url}${request.method}: there was no message in the answer`);
  return last;
}

interface Status {
  readonly code: number;
  readonly words: string;
}

/** Of the trailers, or of the headers where they are all. */
function statusOf(stream: ClientHttp2Stream): Promise<Status> {
  return new Promise((resolve, reject) => {
    const look = (headers: IncomingHttpHeaders) => {
      const code = headers['grpc-status'];
      if (code !== undefined)
        resolve({ code: Number(code), words: decodeURIComponent(String(headers['grpc-message'] ?? '')) });
    };
    stream.once('response', look);
    stream.once('trailers', look);
    stream.once('close', () => reject(new Error('the connection ended before the answer')));
  });
}

/** No compression. */
function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

async function* unframed(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0);
  for await (const chunk of stream) {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
      const end = 5 + rest.readUInt32BE(1);
      yield rest.subarray(5, end);
      rest = rest.subarray(end);
    }
  }
  if (rest.length > 0) throw new Error('the answer was cut short');
}
