/** What an operator may have signed for a client of etcd: a name, for a while. Pure. */
import { commonNames, largestCertificateRequest } from '#etcd/certificates.ts';
import { type CertificateContents, lifeOf } from './certificateContents.ts';
import type { Refused } from './certificateRefusal.ts';

/** The payload of an invocation by an operator, who needs `lambda:InvokeFunction` on the signer: instances have it by its URL alone. */
export interface ClientCertificateRequest {
  readonly clientCertificate: {
    /** Common name of the certificate: a user's name, where etcd has users. */
    readonly name: string;
    /** PEM of a PKCS #10 request. */
    readonly request: string;
    readonly days: number;
    /** Who asks, as the operator's tool says it; CloudTrail knows who it was. */
    readonly askedBy: string;
  };
}

export type JudgedClient = ClientCertificateRequest['clientCertificate'];

export const longestClientDays = 365;
/** Letters, digits and . _ - between them: what a common name, a file and an etcd user may all be called. */
const nameForm = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/;
const longestAskedBy = 2_048;

/** Null where the name may be a client's: allowed is what `clientNameRule` says. */
export function clientNameRefusal(name: unknown): string | null {
  if (typeof name !== 'string' || !nameForm.test(name)) return `is ${JSON.stringify(name)}; allowed: ${clientNameRule}`;
  const own = Object.values(commonNames).find((common) => common === name);
  return own === undefined ? null : `is ${own}, which is the name of the product's own certificates`;
}

export const clientNameRule = 'up to 64 letters, digits, dots, dashes and underscores, a letter or digit at both ends';

export function clientDaysRefusal(days: unknown): string | null {
  const fits = Number.isInteger(days) && Number(days) >= 1 && Number(days) <= longestClientDays;
  return fits ? null : `is ${JSON.stringify(days)}; allowed: a whole number of days from 1 to ${longestClientDays}`;
}

export function judgeClient(event: unknown): JudgedClient | Refused {
  const { clientCertificate: asked, ...rest } = (event ?? {}) as Partial<ClientCertificateRequest>;
  if (typeof asked !== 'object' || asked === null || Object.keys(rest).length > 0)
    return malformed('the payload is not {"clientCertificate": {"name", "request", "days", "askedBy"}}');
  const { name, request, days, askedBy, ...more } = asked;
  const [field] = Object.keys(more);
  if (field !== undefined) return malformed("'clientCertificate' has a field besides name, request, days and askedBy");
  const [wrongName, wrongDays] = [clientNameRefusal(name), clientDaysRefusal(days)];
  if (wrongName !== null) return malformed(`name ${wrongName.slice(0, 200)}`);
  if (wrongDays !== null) return malformed(`days ${wrongDays.slice(0, 200)}`);
  if (typeof request !== 'string' || request.length > largestCertificateRequest)
    return malformed(`request is not text of at most ${largestCertificateRequest} bytes`);
  if (typeof askedBy !== 'string' || askedBy.length > longestAskedBy)
    return malformed(`askedBy is not text of at most ${longestAskedBy} characters`);
  return { name, request, days, askedBy };
}

/** A client, and nothing else: it serves nobody, and no address is in it. */
export function clientContents(
  { name, days }: Pick<JudgedClient, 'name' | 'days'>,
  nowMs: number,
): CertificateContents {
  return {
    commonName: name,
    dnsNames: [],
    addresses: [],
    extendedKeyUsage: ['clientAuth'],
    ca: false,
    ...lifeOf(days, nowMs),
  };
}

function malformed(why: string): Refused {
  return { refused: 'malformed', why };
}
