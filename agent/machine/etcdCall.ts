/**
 * Calls of etcd's v3 API: by its JSON gateway, and as a user of etcd by gRPC. Once auth is on, etcd takes the common name of a
 * client's certificate for the user's name (documentation: Role-based access control, "Using TLS Common Name"), but not through
 * the gateway: there it refuses whoever has a common name (3.4 on), or takes everybody for nobody (before).
 */
import { factsOf } from '#etcd/minors.ts';
import { etcdUrl, exchangeWithEtcd, openEtcd, presentedToEtcd } from './etcdHttp.ts';
import { methodAt } from './etcdMethods.ts';
import { GrpcError, type GrpcRequest, grpcMessage, grpcMessages } from './grpc.ts';
import { type HttpAnswer, read, type TlsIdentity } from './http.ts';
import { decode, encode } from './protobuf.ts';

export interface EtcdCall {
  readonly address: string;
  /** X.Y.Z of the etcd that listens there. */
  readonly version: string;
  /** As of the gateway, without its prefix: `/kv/range`. */
  readonly path: string;
  /** As of the gateway. */
  readonly body: object;
  readonly timeoutMs: number;
}

/**
 * etcd's words while auth is on: to who has a common name and comes by the gateway (embed/serve.go), and to who is nobody, or
 * has not the role (auth/store.go: ErrUserEmpty, ErrUserNotFound, ErrPermissionDenied). By the gateway any of them may be meant
 * for the server itself, whose certificate the gateway shows.
 */
export const authRefusal = /CommonName of client|user name is empty|user( name)? not found|permission denied/;

/** The answer in the gateway's form, whichever way it came. @throws Error where there was none within the deadline */
export async function callEtcd(call: EtcdCall): Promise<HttpAnswer> {
  const answer = await callGateway(call);
  const tls = presentedToEtcd();
  return tls !== null && isRefused(answer.status, answer.body) ? callAsUser(call, tls) : answer;
}

/** As nobody in particular: once auth is on, everything is refused. @throws as callEtcd */
export function callGateway({ address, version, path, body, timeoutMs }: EtcdCall): Promise<HttpAnswer> {
  const headers = { 'content-type': 'application/json' };
  const full = `${factsOf(version).gatewayPrefix}${path}`;
  return exchangeWithEtcd({ address, method: 'POST', path: full, headers, body: JSON.stringify(body), timeoutMs });
}

async function callAsUser(call: EtcdCall, tls: TlsIdentity): Promise<HttpAnswer> {
  try {
    const answer = decode(methodAt(call.path).response, await grpcMessage(grpcRequest(call, tls)));
    return { status: 200, headers: {}, body: JSON.stringify(answer) };
  } catch (error) {
    if (!(error instanceof GrpcError)) throw error;
    const { status, message } = error;
    return { status: 400, headers: {}, body: JSON.stringify({ code: status, message }) };
  }
}

function grpcRequest({ address, path, body, timeoutMs }: EtcdCall, tls: TlsIdentity): GrpcRequest {
  const { name, request } = methodAt(path);
  return { url: etcdUrl(address), tls, method: name, message: encode(request, { ...body }), timeoutMs };
}

/** The chunks of a snapshot of the backend. @throws Error where etcd refuses, or breaks off */
export async function* snapshotChunks(address: string, version: string, timeoutMs: number): AsyncGenerator<Buffer> {
  const call = { address, version, path: '/maintenance/snapshot', body: {}, timeoutMs };
  const path = `${factsOf(version).gatewayPrefix}${call.path}`;
  const headers = { 'content-type': 'application/json' };
  const asked = { address, method: 'POST', path, headers, body: '{}', timeoutMs };
  const response = await openEtcd(asked);
  if (response.statusCode === 200) return yield* chunksIn(response);
  const { status, body } = await read({ method: 'POST', url: etcdUrl(address, path) }, response);
  const tls = presentedToEtcd();
  if (tls === null || !isRefused(status, body))
    throw new Error(`${etcdUrl(address, path)} answered ${status} ${body.slice(0, 200).trim()}`);
  const method = methodAt(call.path);
  for await (const message of grpcMessages(grpcRequest(call, tls)))
    yield Buffer.from(String(decode(method.response, message).blob ?? ''), 'base64');
}

/** The gateway streams one JSON object per line. */
async function* chunksIn(response: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest = '';
  for await (const chunk of response) {
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield chunkIn(line);
  }
  yield chunkIn(rest);
}

function chunkIn(line: string): Buffer {
  if (line.trim() === '') return Buffer.alloc(0);
  const { result, error } = JSON.parse(line) as { result?: { blob?: string }; error?: unknown };
  if (error !== undefined) throw new Error(`the snapshot broke off: ${JSON.stringify(error).slice(0, 300)}`);
  return Buffer.from(result?.blob ?? '', 'base64');
}

function isRefused(status: number, body: string): boolean {
  return status >= 400 && authRefusal.test(body);
}
