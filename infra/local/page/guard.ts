/**
 * Who may talk to the page. It listens on a loopback address, but any web page in the operator's browser can send
 * requests there, and a name it controls can be pointed at 127.0.0.1 (DNS rebinding). Pure.
 */

export interface RequestFacts {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
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
  if (request.host === undefined || !hosts.includes(request.host.toLowerCase())) {
    return { status: 421, field: 'Host', message: `this server answers to ${hosts.join(' and ')} only` };
  }
  if (request.method === 'GET' || request.method === 'HEAD') return null;
  if (request.method !== 'POST') {
    return { status: 405, field: 'method', message: `${request.method} is not used here; GET /api lists what is` };
  }
  if (request.origin !== undefined && request.origin !== `http://${request.host.toLowerCase()}`) {
    return { status: 403, field: 'Origin', message: 'a page of another origin may not change anything here' };
  }
  if (request.token === undefined || !tokenMatches(request.token)) {
    return {
      status: 403,
      field: 'X-Etcd-Appliance-Token',
      message:
        'missing, or of an earlier start of this server: reload the page (it is in its <meta name="etcd-appliance-token">)',
    };
  }
  if (!/^application\/json(\s*;|$)/i.test(request.contentType ?? '')) {
    return { status: 415, field: 'Content-Type', message: 'must be application/json' };
  }
  return null;
}
