/** Objects of S3, read and written as streams. */
import type { IncomingMessage } from 'node:http';
import type { Unsigned } from './aws.ts';
import type { AwsClock } from './awsClock.ts';
import { AwsCallError, xmlError } from './awsErrors.ts';
import { mostParts, putInParts, type UploadSettings } from './awsMultipart.ts';
import { type FileBody, type HttpAnswer, type HttpRequest, open, read } from './http.ts';

export interface Objects {
  /**
   * An object's bytes as they come; null where there is none.
   * @throws AwsCallError with S3's error name
   */
  object(bucket: string, key: string, timeoutMs: number): Promise<IncomingMessage | null>;
  /**
   * Stores a file under a key, or not at all: bytes that have another SHA-256 are refused. A big file is sent in parts.
   * @param metadata the object's own, `x-amz-meta-*` without the prefix
   * @param timeoutMs for the whole transfer
   * @throws AwsCallError with S3's error name, such as `BadDigest`
   */
  putObject(
    bucket: string,
    key: string,
    file: ObjectFile,
    metadata: Readonly<Record<string, string>>,
    timeoutMs: number,
  ): Promise<void>;
}

export interface ObjectFile extends Omit<FileBody, 'start'> {
  /** Hex. */
  readonly sha256: string;
}

export interface Signing {
  readonly signed: (request: Unsigned) => Promise<Omit<HttpRequest, 'timeoutMs'>>;
  readonly exchangeSigned: (asked: string, request: Unsigned, timeoutMs: number) => Promise<HttpAnswer>;
  readonly clock: AwsClock;
  readonly placeOf: (bucket: string, key: string) => Pick<Unsigned, 'base' | 'path'>;
}

export function createObjects({ signed, exchangeSigned, clock, placeOf }: Signing, uploads: UploadSettings): Objects {
  return {
    async object(bucket, key, timeoutMs) {
      const request = { service: 's3', ...placeOf(bucket, key), method: 'GET', headers: {} };
      let asked = await signed(request);
      let response = await open({ ...asked, timeoutMs });
      if (clock.heard(response.headers.date) && response.statusCode === 403) {
        response.resume();
        asked = await signed(request);
        response = await open({ ...asked, timeoutMs });
      }
      if (response.statusCode === 200) return response;
      const { status, body } = await read(asked, response);
      // Without permission to list the bucket, S3 says 403 of a key that is not there.
      if (status === 404 || status === 403) return null;
      throw xmlError(`s3://${bucket}/${key}`, status, body);
    },
    async putObject(bucket, key, { sha256, ...body }, metadata, timeoutMs) {
      const asked = `s3 PutObject ${key}`;
      const about = Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]));
      const place = { service: 's3', ...placeOf(bucket, key) };
      const largest = uploads.partBytes * mostParts;
      if (body.bytes > largest)
        throw new AwsCallError('EntityTooLarge', `${body.bytes} bytes, where ${largest} are allowed`, asked);
      if (body.bytes > uploads.wholeBytes)
        return putInParts(exchangeSigned, uploads, { key, place, file: { ...body, sha256 }, about, timeoutMs });
      const headers = { 'x-amz-checksum-sha256': Buffer.from(sha256, 'hex').toString('base64'), ...about };
      const answer = await exchangeSigned(asked, { ...place, method: 'PUT', headers, body }, timeoutMs);
      if (answer.status !== 200) throw xmlError(asked, answer.status, answer.body);
    },
  };
}
