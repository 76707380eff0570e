/**
 * HTTP to the client port of the etcd at an address: in the clear, or by TLS with this process's own certificate, which is
 * one for all members. Which of them is said once, by whoever knows how the cluster is reached.
 */
import type { IncomingMessage } from 'node:http';
import { clientPort } from '#etcd/addresses.ts';
import { type Handshake, handshakeWith } from './etcdHandshake.ts';
import { exchange, HandshakeFailed, type HttpAnswer, type HttpRequest, open, type TlsIdentity } from './http.ts';

export type EtcdRequest = Omit<HttpRequest, 'url' | 'tls'> & {
  /** Private IPv4 address of the member. */
  readonly address: string;
  /** From the root on: `/version`. */
  readonly path: string;
};

let presented: TlsIdentity | null = null;
let takesPlain = true;

/**
 * From the next request on.
 * @param identity null: in the clear
 * @param orPlain whether a member that does not speak TLS is spoken to in the clear: in a cluster on its way to TLS
 */
export function presentToEtcd(identity: TlsIdentity | null, orPlain = identity === null): void {
  presented = identity;
  takesPlain = orPlain;
}

/** Null: in the clear. */
export function presentedToEtcd(): TlsIdentity | null {
  return presented;
}

/** As this process reaches it first. */
export function etcdUrl(address: string, path = ''): string {
  return `${presented === null ? 'http' : 'https'}://${address}:${clientPort}${path}`;
}

/** @throws Error where there was no whole answer within the deadline, naming the URL */
export async function exchangeWithEtcd(request: EtcdRequest): Promise<HttpAnswer> {
  return tlsFirst(request, exchange);
}

/** The answer as soon as its headers are there. @throws Error as exchangeWithEtcd */
export async function openEtcd(request: EtcdRequest): Promise<IncomingMessage> {
  return tlsFirst(request, open);
}

async function tlsFirst<Answer>(
  { address, path, ...request }: EtcdRequest,
  send: (request: HttpRequest) => Promise<Answer>,
): Promise<Answer> {
  const plain = { ...request, url: `http://${address}:${clientPort}${path}` };
  if (presented === null) return send(plain);
  const secure = { ...request, url: etcdUrl(address, path), tls: presented };
  if (!takesPlain) return send(secure);
  return send(secure).catch((error: Error) => {
    if (error instanceof HandshakeFailed) return send(plain);
    throw error;
  });
}

/** Null where etcd is reached in the clear, or no connection comes about. */
export async function shakeHands(address: string, timeoutMs: number): Promise<Handshake | null> {
  return presented === null ? null : handshakeWith(address, presented, timeoutMs);
}
