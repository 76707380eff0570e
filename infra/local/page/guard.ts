/**
 * Who may talk to the page. It listens on a loopback address, but any web page in the operator's browser can send
 * requests there, a name it controls can be pointed at 127.0.0.1 (DNS rebinding), and other users of this machine can
 * connect, too. Pure.
 */

export interface RequestFacts {
  readonly method: string;
  /** Of the URL, without the query. */
  readonly path: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site`, `-Mode` and `-Dest` (W3C Fetch Metadata): browsers send them, and no page can change them. */
  readonly fetchSite: string | undefined;
  readonly fetchMode: string | undefined;
  readonly fetchDest: string | undefined;
  readonly token: string | undefined;
  readonly contentType: string | undefined;
}

export interface Refusal {
  readonly status: 403 | 405 | 415 | 421;
  readonly field: string;
  readonly message: string;
}

/** The header that carries the token; another origin cannot set it without a preflight, which is never answered. */
export const tokenHeader = 'x-etcd-appliance-token';

/**
 * @param hosts `Host` values that mean this server, such as `127.0.0.1:8080`
 * @param tokenMatches compares in constant time
 * @returns null where the request may go on
 */
export function refusalOf(
  request: RequestFacts,
  hosts: readonly string[],
  tokenMatches: (token: string) => boolean,
): Refusal | null {
  const host = request.host?.toLowerCase();
  if (host === undefined || !hosts.includes(host)) {
    return { status: 421, field: 'Host', message: `this server answers to ${hosts.join(' and ')} only` };
  }
  if (request.origin !== undefined && request.origin !== `http://${host}`) {
    return { status: 403, field: 'Origin', message: 'a page of another origin may not ask anything here' };
  }
  if (!isFromHere(request.fetchSite) && !isLink(request)) {
    return { status: 403, field: 'Sec-Fetch-Site', message: 'a page of another origin may not ask anything here' };
  }
  if (request.method === 'GET' || request.method === 'HEAD') return null;
  if (request.method !== 'POST' && request.method !== 'PUT') {
    return { status: 405, field: 'method', message: `${request.method} is not used here; GET /api lists what is` };
  }
  if (request.token === undefined || !tokenMatches(request.token)) {
    return {
      status: 403,
      field: 'X-Etcd-Appliance-Token',
      message:
        'missing, or of an earlier start of this server: it ends the address that npm start printed, which endpoints.json has, too',
    };
  }
  if (!/^application\/json(\s*;|$)/i.test(request.contentType ?? '')) {
    return { status: 415, field: 'Content-Type', message: 'must be application/json' };
  }
  return null;
}

/** `none`: typed, or opened from outside the browser. Another port of the same address is `same-site`, and a stranger. */
function isFromHere(fetchSite: string | undefined): boolean {
  return fetchSite === undefined || fetchSite === 'same-origin' || fetchSite === 'none';
}

/** Somebody followed a link to the page: it opens, and the page with the link learns nothing of it. */
function isLink({ method, path, fetchMode, fetchDest }: RequestFacts): boolean {
  return method === 'GET' && path === '/' && fetchMode === 'navigate' && fetchDest === 'document';
}
