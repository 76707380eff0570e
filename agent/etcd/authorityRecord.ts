/** The items of the cluster record that the certificate signer keeps: what is trusted and what it has signed. */

/**
 * Partition of the certificate authority's items, which the certificate signer alone may read and write: instances may write the
 * cluster's own. No name of a cluster has a slash.
 */
export function authorityPartition(cluster: string): string {
  return `${cluster}/authority`;
}

/**
 * Item `certificates` of the authority's partition: the CA certificates that are to be trusted, the one that signs first; of more
 * than one key while an authority takes the place of another. Made at the signer's first use, changed by RotateCertificateAuthority.
 */
export interface CertificateAuthorityRecord {
  /** The partition. */
  readonly cluster: string;
  readonly item: 'certificates';
  /** Raised by one each time it is written. */
  readonly revision: number;
  readonly certificates: readonly CertificateAuthority[];
}

export interface CertificateAuthority {
  /** PEM */
  readonly certificate: string;
  /** ARN of the KMS key that it is the certificate of. */
  readonly keyArn: string;
  /** Of the key, as the setting `certificateAuthorityGeneration` counts them. */
  readonly generation: number;
  /** ISO 8601 */
  readonly madeAt: string;
}

/** Item `client#<end, ISO 8601>#<serial>` of the authority's partition: a certificate that an operator had signed for a client. */
export interface ClientCertificateRecord {
  /** The partition. */
  readonly cluster: string;
  readonly item: string;
  readonly name: string;
  /** Hex. */
  readonly serial: string;
  /** ARN of the key that signed it. */
  readonly signedBy: string;
  /** ARNs of the keys whose CA certificates were handed out with it. */
  readonly trusts: readonly string[];
  /** ISO 8601 */
  readonly notAfter: string;
}
