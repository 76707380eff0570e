/** The body of a request for certificates: bounded, and of the shape that was agreed. Pure. */
import {
  type CertificateRequest,
  type CertificateUse,
  certificateUses,
  largestCertificateRequest,
} from '#etcd/certificates.ts';
import type { Refused } from './certificateRefusal.ts';

/** What the function URL hands over (Lambda developer guide: request payload format). */
export interface HttpRequest {
  readonly method: unknown;
  readonly body: unknown;
  readonly isBase64Encoded: unknown;
}

/** The requests by use, in the order of the uses; their PEM is only known to be text. */
export type CertificateRequests = { readonly requests: readonly (readonly [CertificateUse, string])[] };

export function judgeRequest({ method, body, isBase64Encoded }: HttpRequest): CertificateRequests | Refused {
  if (method !== 'POST') return { refused: 'wrongMethod', why: 'certificates are asked for with POST' };
  if (typeof body !== 'string') return malformed('the request has no body');
  // Base64 takes four characters for three bytes; nothing is decoded or parsed that could be larger than the limit.
  const encoded = isBase64Encoded === true;
  if (body.length > (encoded ? Math.ceil(largestCertificateRequest / 3) * 4 : largestCertificateRequest))
    return tooLarge;
  const bytes = Buffer.from(body, encoded ? 'base64' : 'utf8');
  if (bytes.length > largestCertificateRequest) return tooLarge;
  const parsed = parse(bytes.toString('utf8'));
  if (parsed === undefined) return malformed('the body is not JSON');
  return requestsIn(parsed);
}

function requestsIn(value: unknown): CertificateRequests | Refused {
  if (!isObject(value)) return malformed('the body is not an object');
  const field = Object.keys(value).find((name) => name !== 'requests');
  if (field !== undefined) return malformed("the body has a field besides 'requests'");
  const { requests } = value as Partial<CertificateRequest>;
  if (!isObject(requests)) return malformed("'requests' is not an object");
  const given = Object.keys(requests);
  if (given.length === 0) return malformed("'requests' is empty");
  if (given.some((name) => !certificateUses.some((use) => use === name)))
    return malformed(`'requests' has a use that is none of ${certificateUses.join(', ')}`);
  const uses = certificateUses.filter((use) => given.includes(use));
  const odd = uses.find((use) => typeof requests[use] !== 'string');
  if (odd !== undefined) return malformed(`the request for ${odd} is not text`);
  return { requests: uses.map((use) => [use, requests[use] ?? ''] as const) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const tooLarge: Refused = {
  refused: 'tooLarge',
  why: `a request has at most ${largestCertificateRequest} bytes`,
};

function malformed(why: string): Refused {
  return { refused: 'malformed', why };
}
