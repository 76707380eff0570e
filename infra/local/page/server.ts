/** The page: a web server on a loopback address, for the operator at this machine. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { requireLoopback } from '../loopback.ts';
import { answer, membersView } from './api.ts';
import { pageAssets } from './assets.ts';
import { openEventStream } from './events.ts';
import { type RequestFacts, refusalOf, tokenHeader } from './guard.ts';
import { linksView } from './links.ts';
import { pageHeaders, Refused, send, sendFailure } from './reply.ts';
import type { PageSource } from './source.ts';

export interface PageOptions {
  /** A loopback address; anything else is refused. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly source: PageSource;
  /** What went wrong inside, for whoever looks after this home: answers do not say it. */
  readonly log: (line: string) => void;
}

export interface RunningPage {
  readonly url: string;
  /**
   * The same with the token that changes need. In the fragment: a browser sends it nowhere, neither to a server nor as a
   * referrer.
   */
  readonly urlWithToken: string;
  close(): Promise<void>;
}

/**
 * Serves the page and its JSON API until closed. Changing requests need a token that is made anew at each start and is in
 * nothing that is served: who opens the page by its bare address can look, no more.
 * @throws Fault `InvalidInput` where the host is no loopback address; Node's error where the port is taken.
 */
export async function startPage({ host, port, source, log }: PageOptions): Promise<RunningPage> {
  requireLoopback(host, 'the page');
  const token = randomBytes(32).toString('base64url');
  const serverId = randomBytes(8).toString('hex');
  const assets = await pageAssets(serverId);
  const events = openEventStream(serverId, {
    members: () => membersView(source),
    links: () => linksView(source.links),
  });
  let hosts: readonly string[] = [];

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = urlOf(request);
    const refusal = refusalOf(factsOf(request, url), hosts, (given) => sameToken(given, token));
    if (refusal) throw new Refused(refusal.status, refusal.field, refusal.message);
    const asset = assets.get(url.pathname);
    if (asset && (request.method === 'GET' || request.method === 'HEAD'))
      send(response, 200, asset.type, asset.body, pageHeaders);
    else await answer(source, events, request, response, url);
  };
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => sendFailure(response, error, log));
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
  const url = `http://${host}:${listensOn}/`;

  return {
    url,
    urlWithToken: `${url}#token=${token}`,
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

/** Of a request line with a path: the other forms (RFC 9112, section 3.2) are for proxies. */
function urlOf({ url = '' }: IncomingMessage): URL {
  const parsed = url.startsWith('/') ? URL.parse(`http://page${url}`) : null;
  if (parsed === null) throw new Refused(400, 'path', 'is not the path of a URL');
  return parsed;
}

function factsOf({ method, headers }: IncomingMessage, { pathname }: URL): RequestFacts {
  const one = (name: string): string | undefined => {
    const value = headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    method: method ?? '',
    path: pathname,
    host: headers.host,
    origin: headers.origin,
    fetchSite: one('sec-fetch-site'),
    fetchMode: one('sec-fetch-mode'),
    fetchDest: one('sec-fetch-dest'),
    token: one(tokenHeader),
    contentType: headers['content-type'],
  };
}

/** Equal in constant time, whatever the lengths. */
function sameToken(given: string, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}
