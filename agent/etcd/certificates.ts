/**
 * What an instance asks the certificate signer for and what it gets: the JSON of both, and the names that are part of the
 * agreement. Pure.
 */

/**
 * `server`: etcd's client port (and its JSON gateway, which dials that port with the same certificate as a client); `peer`:
 * etcd's peer port, both ends; `client`: the agent, as a client of etcd.
 */
export const certificateUses = ['server', 'peer', 'client'] as const;

export type CertificateUse = (typeof certificateUses)[number];

/**
 * The common name of each use. The server's has none: etcd takes the common name of a client certificate for a user name, and
 * its gateway is a client with the server's certificate (etcd issue 9785, pull request 10366; documentation: Role-based access
 * control, "Using TLS Common Name"). The peers' is what `--peer-cert-allowed-cn` asks for, so that certificates of clients do
 * not open the peer port.
 */
export const commonNames = {
  server: null,
  peer: 'etcd-appliance-peer',
  client: 'etcd-appliance-agent',
} as const satisfies Record<CertificateUse, string | null>;

/**
 * Body of the POST, at most `largestCertificateRequest` bytes. PEM of a PKCS #10 request (RFC 2986) for each use, with a key on
 * P-256, signed with ECDSA and SHA-256, with an empty subject (or the instance id as its only common name) and no attributes:
 * what is in a certificate is the signer's to say.
 */
export interface CertificateRequest {
  readonly requests: Readonly<Partial<Record<CertificateUse, string>>>;
}

/** In bytes. */
export const largestCertificateRequest = 8_192;

/** Answer 200. */
export interface CertificateAnswer {
  readonly certificates: Readonly<Partial<Record<CertificateUse, IssuedCertificate>>>;
  /** PEM of the CA certificates to trust, the one that signed first: more than one while a CA is being replaced. */
  readonly trusted: readonly string[];
}

export interface IssuedCertificate {
  /** PEM, of the certificate alone: its issuer is one of `trusted`. */
  readonly certificate: string;
  /** Hex. */
  readonly serial: string;
  /** ISO 8601 */
  readonly notBefore: string;
  /** ISO 8601 */
  readonly notAfter: string;
}

/** Answer 4xx: nothing was signed. 429 and 5xx may be tried again later; 5xx have no such body. */
export interface CertificateRefusal {
  readonly refused: RefusalCode;
  /** One sentence. */
  readonly why: string;
}

/** Every way in which the signer says no, with the HTTP status that goes with it. */
export const refusalStatus = {
  /** Not a POST. */
  wrongMethod: 405,
  tooLarge: 413,
  /** No JSON, or not a `CertificateRequest`. */
  malformed: 400,
  /** Not a session of the cluster's instance role. */
  wrongCaller: 403,
  /** No PKCS #10 request. */
  malformedCsr: 400,
  /** The key is not on P-256, or the signature not ECDSA with SHA-256. */
  wrongKey: 400,
  /** The request was not signed by the key that is in it. */
  wrongSignature: 400,
  /** It asks for something besides a certificate of its key: a subject, names, extensions, other attributes. */
  asksForMore: 400,
  /** More requests of one instance within an hour than any agent has. */
  tooMany: 429,
  /** EC2 does not know the instance, or it does not run. */
  notRunning: 403,
  /** It runs, but is not one of this cluster's group. */
  notInCluster: 403,
} as const;

export type RefusalCode = keyof typeof refusalStatus;

/** Of a certificate that is there: epoch milliseconds. */
export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Whether it is time for a new one: at half of its life, so that there is as long again to get it. */
export function isRenewalDue({ notBeforeMs, notAfterMs }: Validity, nowMs: number): boolean {
  return nowMs >= (notBeforeMs + notAfterMs) / 2;
}
