/**
 * A file too big for one PutObject, sent in parts (Amazon S3 user guide: "Uploading and copying objects using multipart
 * upload"). There is no object before all of them are there. What S3 holds of an upload that fails is given up; what is left
 * of one whose agent was killed, the bucket's lifecycle rule removes.
 */
import { createHash, type Hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Unsigned } from './aws.ts';
import { AwsCallError, xmlError } from './awsErrors.ts';
import type { ObjectFile, Signing } from './awsObjects.ts';
import { contentOf, type FileBody, type HttpAnswer } from './http.ts';
import { escapeXml, parseXml, textAt } from './xml.ts';

export interface UploadSettings {
  /** Bytes of the largest file that is sent whole. */
  readonly wholeBytes: number;
  /** Bytes of every part but the last, which may be smaller. */
  readonly partBytes: number;
  /** Before a request that failed of what may pass is made again, one after the other, in milliseconds. */
  readonly pausesMs: readonly number[];
}

/** Of one object (Amazon S3 user guide: "Amazon S3 multipart upload limits"). */
export const mostParts = 10_000;
/** S3 takes 5 GiB in one PutObject, and parts of 5 MiB to 5 GiB. With these an object has at most 4.8 TiB. */
export const uploadSettings: UploadSettings = {
  wholeBytes: 5 * 1024 ** 3,
  partBytes: 512 * 1024 ** 2,
  pausesMs: [1_000, 2_000, 4_000],
};

export interface Upload {
  readonly key: string;
  readonly place: Pick<Unsigned, 'service' | 'base' | 'path'>;
  readonly file: ObjectFile;
  /** Headers that say what the object is. */
  readonly about: Readonly<Record<string, string>>;
  /** For all of it, in milliseconds. */
  readonly timeoutMs: number;
}

/** Of one request: a part that takes longer comes at less than 1 MiB/s, or over a connection that is dead. */
const requestTimeoutMs = 600_000;
const abortTimeoutMs = 30_000;
/** Besides whatever has a status of 5xx: these also come in answers that began with 200 (Amazon S3 API reference: "Error responses"). */
const passing = ['InternalError', 'RequestTimeout', 'ServiceUnavailable', 'SlowDown'];

/** @throws AwsCallError with S3's error name; Error where the file is not what it was, or where it took too long */
export async function putInParts(
  exchangeSigned: Signing['exchangeSigned'],
  { partBytes, pausesMs }: Pick<UploadSettings, 'partBytes' | 'pausesMs'>,
  { key, place, file, about, timeoutMs }: Upload,
): Promise<void> {
  const send = sender(exchangeSigned, pausesMs, timeoutMs);
  const at = (query: string) => ({ ...place, path: `${place.path}?${query}` });
  const headers = { ...about, 'x-amz-checksum-algorithm': 'SHA256' };
  const create = { ...at('uploads='), method: 'POST', headers };
  const id = encodeURIComponent(await send(`s3 CreateMultipartUpload ${key}`, create, inXml('UploadId')));
  try {
    const whole = createHash('sha256');
    const parts: string[] = [];
    for (let start = 0; start < file.bytes; start += partBytes) {
      const number = parts.length + 1;
      const body = { path: file.path, start, bytes: Math.min(partBytes, file.bytes - start) };
      const checksum = await checksumOf(body, whole);
      const headers = { 'x-amz-checksum-sha256': checksum };
      const put = { ...at(`partNumber=${number}&uploadId=${id}`), method: 'PUT', headers, body };
      const etag = escapeXml(await send(`s3 UploadPart ${number} ${key}`, put, ({ headers }) => headers.etag ?? ''));
      const elements = `<PartNumber>${number}</PartNumber><ETag>${etag}</ETag><ChecksumSHA256>${checksum}</ChecksumSHA256>`;
      parts.push(`<Part>${elements}</Part>`);
    }
    const asked = `s3 CompleteMultipartUpload ${key}`;
    // Nobody has told S3 the checksum of the whole.
    if (whole.digest('hex') !== file.sha256)
      throw new AwsCallError('BadDigest', `${file.path} has not the SHA-256 that it had`, asked);
    const body = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join('')}</CompleteMultipartUpload>`;
    const complete = { ...at(`uploadId=${id}`), method: 'POST', headers: { 'content-type': 'application/xml' }, body };
    // Asked once more, S3 answers as it did: an answer that was lost is no failure.
    await send(asked, complete, inXml('ETag'));
  } catch (error) {
    const abort = { ...at(`uploadId=${id}`), method: 'DELETE', headers: {} };
    const done = ({ status }: HttpAnswer) => String(status);
    await sender(exchangeSigned, pausesMs, abortTimeoutMs)(`s3 AbortMultipartUpload ${key}`, abort, done).catch(
      () => {},
    );
    throw error;
  }
}

/** @returns Base64, as S3's headers have it */
async function checksumOf(part: FileBody, whole: Hash): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of contentOf(part)) {
    hash.update(chunk);
    whole.update(chunk);
  }
  return hash.digest('base64');
}

/**
 * Resolves to what an answer says; one that does not say it is a failure, whatever its status.
 * @throws AwsCallError with S3's error name; Error where there is no answer
 */
type Send = (asked: string, request: Unsigned, said: (answer: HttpAnswer) => string) => Promise<string>;

/** @param timeoutMs for all that it sends */
function sender(exchangeSigned: Signing['exchangeSigned'], pausesMs: readonly number[], timeoutMs: number): Send {
  const deadlineMs = performance.now() + timeoutMs;
  return async (asked, request, said) => {
    for (let attempt = 0; ; attempt++) {
      const leftMs = Math.ceil(deadlineMs - performance.now());
      if (leftMs <= 0) throw new Error(`${asked}: the upload was not done within ${timeoutMs} ms`);
      const answer = await exchangeSigned(asked, request, Math.min(leftMs, requestTimeoutMs)).catch(asError);
      const value = answer instanceof Error || answer.status >= 300 ? '' : said(answer);
      if (value !== '') return value;
      const failure = answer instanceof Error ? answer : xmlError(asked, answer.status, answer.body);
      const pauseMs = pausesMs[attempt];
      if (pauseMs === undefined || !mayPass(answer, failure)) throw failure;
      await sleep(pauseMs);
    }
  };
}

function mayPass(answer: HttpAnswer | Error, failure: Error): boolean {
  if (answer instanceof Error || answer.status >= 500) return true;
  return failure instanceof AwsCallError && passing.includes(failure.code);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** The text of an element in the root; empty where the answer has none, or is no XML. */
function inXml(element: string): (answer: HttpAnswer) => string {
  return ({ body }) => {
    try {
      return textAt(parseXml(body), element);
    } catch {
      return '';
    }
  };
}
