/** What a signed request says of itself. */
import type { IncomingMessage } from 'node:http';
import { AwsError } from './service.ts';

export interface Scope {
  readonly accessKeyId: string;
  /** That it is signed for. */
  readonly region: string;
  /** As in the credential scope: `ec2`, `states`, ... */
  readonly service: string;
  /** The operation where `X-Amz-Target` names it. */
  readonly target: string | null;
}

/** Some clients sign with an older name of the service. */
const signingNames: Readonly<Record<string, string>> = { events: 'events', cloudwatch: 'monitoring' };

/**
 * @throws AwsError `MissingAuthenticationToken` where the request is not signed.
 */
export function scopeOf(request: IncomingMessage): Scope {
  const header = request.headers.authorization ?? '';
  const query = new URL(request.url ?? '/', 'http://localhost').searchParams.get('X-Amz-Credential');
  const credential = query ?? /Credential=([^,\s]+)/.exec(header)?.[1];
  const [accessKeyId, , region, service] = credential?.split('/') ?? [];
  if (accessKeyId === undefined || region === undefined || service === undefined) {
    throw new AwsError('MissingAuthenticationToken', 'The request must be signed (AWS Signature Version 4).', 403);
  }
  const target = request.headers['x-amz-target'];
  return {
    accessKeyId,
    region,
    service: signingNames[service] ?? service,
    target: typeof target === 'string' ? (target.split('.').at(-1) ?? null) : null,
  };
}

/** How far a request's time may be from AWS's, in milliseconds (Signature Version 4; S3: "Authenticating requests"). */
const skewMs = (service: string) => (service === 's3' ? 15 : 5) * 60_000;

/**
 * The time that a request was signed with.
 * @throws AwsError with the service's own name for it, where it is too far from this home's
 */
export function requireTimely({ headers }: IncomingMessage, { service, target }: Scope): void {
  const text = String(headers['x-amz-date'] ?? '');
  const signedMs = Date.parse(text.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  // A request whose signature is in its query has no such header.
  if (Number.isNaN(signedMs) || Math.abs(signedMs - Date.now()) <= skewMs(service)) return;
  const query = service === 'ec2' ? 'RequestExpired' : 'SignatureDoesNotMatch';
  const code = service === 's3' ? 'RequestTimeTooSkewed' : target === null ? query : 'InvalidSignatureException';
  throw new AwsError(code, `Signature not current: ${text} is too far from ${new Date().toISOString()}`, 403);
}

/** AWS's own limit for most services; S3 does not come through here. */
const maxBodyBytes = 8 * 1024 * 1024;

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > maxBodyBytes)
      throw new AwsError('RequestEntityTooLargeException', `A request has at most ${maxBodyBytes} bytes.`, 413);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
