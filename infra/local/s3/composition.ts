/** Of which parts an object is made, and what is said of it then. */
import { createHash } from 'node:crypto';
import { AwsError } from '../wire/service.ts';

export interface Part {
  readonly number: number;
  readonly size: number;
  /** Hex. */
  readonly md5: string;
  /** Base64. */
  readonly sha256: string;
}

/** A part as the request to complete the upload names it. */
export type NamedPart = Pick<Part, 'number' | 'md5'> & { readonly sha256: string | null };

export interface Completed {
  /** MD5 of the parts' MD5s, and their number: `HEX-N`. */
  readonly etag: string;
  /** SHA-256 of the parts' SHA-256s, and their number: `BASE64-N`; null where the upload was begun without SHA-256. */
  readonly sha256: string | null;
}

/** Of every part but the last (Amazon S3 user guide: "Amazon S3 multipart upload limits"). */
const leastBytes = 5 * 1024 ** 2;

/**
 * Those that are named, all of which must be there as they are named.
 * @param withSha256 whether each must be named with its SHA-256
 * @throws AwsError as S3 does
 */
export function chosen<T extends Part>(
  stored: readonly T[],
  named: readonly NamedPart[],
  withSha256: boolean,
): readonly T[] {
  const parts = named.map(({ number, md5, sha256 }, index) => {
    if (number <= (named[index - 1]?.number ?? 0)) throw refused('InvalidPartOrder');
    if (withSha256 && sha256 === null)
      throw new AwsError(
        'InvalidRequest',
        `The upload was created using a sha256 checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`,
      );
    const part = stored.find((one) => one.number === number);
    if (part?.md5 !== md5 || (sha256 !== null && part.sha256 !== sha256)) throw refused('InvalidPart');
    return part;
  });
  if (parts.slice(0, -1).some(({ size }) => size < leastBytes)) throw refused('EntityTooSmall');
  return parts;
}

export function composed(parts: readonly Part[], withSha256: boolean): Completed {
  const md5 = digestOf(
    'md5',
    parts.map((part) => Buffer.from(part.md5, 'hex')),
  );
  const sha256 = digestOf(
    'sha256',
    parts.map((part) => Buffer.from(part.sha256, 'base64')),
  );
  return {
    etag: `${md5.toString('hex')}-${parts.length}`,
    sha256: withSha256 ? `${sha256.toString('base64')}-${parts.length}` : null,
  };
}

function digestOf(algorithm: string, digests: readonly Buffer[]): Buffer {
  return createHash(algorithm).update(Buffer.concat(digests)).digest();
}

const messages = {
  InvalidPartOrder: 'The list of parts was not in ascending order. Parts must be ordered by part number.',
  InvalidPart:
    "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
  EntityTooSmall: 'Your proposed upload is smaller than the minimum allowed size',
} as const;

function refused(code: keyof typeof messages): AwsError {
  return new AwsError(code, messages[code]);
}
