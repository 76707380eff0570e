/** The page: a web server on a loopback address, for the operator at this machine. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Fault } from '#etcd/faults.ts';
import { answer, membersView } from './api.ts';
import { pageAssets } from './assets.ts';
import { openEventStream } from './events.ts';
import { refusalOf, tokenHeader } from './guard.ts';
import { Refused, send, sendFailure } from './reply.ts';
import type { PageSource } from './source.ts';

export interface PageOptions {
  /** A loopback address; anything else is refused. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly source: PageSource;
}

/**
 * Serves the page and its JSON API until closed. Changing requests need a token that is made anew at each start and
 * stands in the served page only.
 * @throws Fault `InvalidInput` where the host is no loopback address; Node's error where the port is taken.
 */
export async function startPage({ host, port, source }: PageOptions): Promise<{ url: string; close(): Promise<void> }> {
  if (!/^127\.\d+\.\d+\.\d+$/.test(host)) {
    throw new Fault('InvalidInput', `host: the page listens on a loopback address such as 127.0.0.1, not on ${host}`);
  }
  const token = randomBytes(32).toString('base64url');
  const serverId = randomBytes(8).toString('hex');
  const assets = await pageAssets(token, serverId);
  const events = openEventStream(serverId, () => membersView(source));
  let hosts: readonly string[] = [];

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const refusal = refusalOf(factsOf(request), hosts, (given) => sameToken(given, token));
    if (refusal) throw new Refused(refusal.status, refusal.field, refusal.message);
    const url = pathOf(request);
    const asset = assets.get(url.pathname);
    if (asset && request.method !== 'POST') send(response, 200, asset.type, asset.body);
    else await answer(source, events, request, response, url);
  };
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => sendFailure(response, error));
  });
  try {
    await listening(server, host, port);
  } catch (error) {
    events.close();
    throw error;
  }
  const listensOn = (server.address() as AddressInfo).port;
  hosts = [`${host}:${listensOn}`, ...(host === '127.0.0.1' ? [`localhost:${listensOn}`] : [])];
  const unsubscribe = source.onChange((change) => events.changed(change));

  return {
    url: `http://${host}:${listensOn}/`,
    close: () => {
      unsubscribe();
      events.close();
      return new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      });
    },
  };
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
}

function pathOf(request: IncomingMessage): URL {
  try {
    return new URL(`http://page${request.url ?? '/'}`);
  } catch {
    throw new Refused(400, 'path', 'is not the path of a URL');
  }
}

function factsOf({ method, headers }: IncomingMessage): Parameters<typeof refusalOf>[0] {
  const token = headers[tokenHeader];
  return {
    method: method ?? '',
    host: headers.host,
    origin: headers.origin,
    token: typeof token === 'string' ? token : undefined,
    contentType: headers['content-type'],
  };
}

/** Equal in constant time, whatever the lengths. */
function sameToken(given: string, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}
