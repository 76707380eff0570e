/** Amazon S3 (Service Authorization Reference: list_amazons3; API reference: the permissions of each operation). */
import type { IncomingHttpHeaders } from 'node:http';
import type { AccessRequest } from '../evaluate.ts';
import { on } from './row.ts';

export interface S3Request {
  readonly method: string;
  /** Empty: all buckets. */
  readonly bucket: string;
  /** Empty: the bucket itself. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

const bucketArn = (bucket: string) => `arn:aws:s3:::${bucket}`;
const objectArn = (bucket: string, key: string) => `arn:aws:s3:::${bucket}/${key}`;

export const reading = (bucket: string, key: string) => on('s3:GetObject', objectArn(bucket, key));

type S3Row = (request: S3Request) => readonly AccessRequest[];

/** Listing, with what it is limited to. */
export const listing: S3Row = ({ bucket, query }) => {
  const keys = { 's3:prefix': 'prefix', 's3:delimiter': 'delimiter', 's3:max-keys': 'max-keys' };
  const given = Object.entries(keys).flatMap(([key, parameter]) => {
    const value = query.get(parameter);
    return value === null ? [] : [[key, [value]] as const];
  });
  return [on('s3:ListBucket', bucketArn(bucket), Object.fromEntries(given))];
};

/** To copy is to read the one and to write the other. */
const writing: S3Row = ({ bucket, key, headers }) => {
  const source = headers['x-amz-copy-source'];
  const target = on('s3:PutObject', objectArn(bucket, key));
  if (typeof source !== 'string') return [target];
  const [from = '', ...rest] = decodeURIComponent(source).replace(/^\//, '').split('/');
  return [reading(from, rest.join('/')), target];
};

const onObject =
  (action: string): S3Row =>
  ({ bucket, key }) => [on(action, objectArn(bucket, key))];
const onBucket =
  (action: string): S3Row =>
  ({ bucket }) => [on(action, bucketArn(bucket))];

/** Of an upload in parts, what it is a part of is written; to give it up is an action of its own. */
const ofUpload = ({ query }: S3Request) => query.has('uploadId') || query.has('uploads');

/** By method, of all buckets, of one and of an object. */
export const s3Actions: Readonly<Record<'service' | 'bucket' | 'object', Readonly<Record<string, S3Row>>>> = {
  service: { GET: () => [on('s3:ListAllMyBuckets', '*')] },
  bucket: {
    GET(request) {
      if (request.query.has('location')) return onBucket('s3:GetBucketLocation')(request);
      return ofUpload(request) ? onBucket('s3:ListBucketMultipartUploads')(request) : listing(request);
    },
    HEAD: listing,
    PUT: onBucket('s3:CreateBucket'),
    DELETE: onBucket('s3:DeleteBucket'),
  },
  object: {
    GET: onObject('s3:GetObject'),
    HEAD: onObject('s3:GetObject'),
    PUT: writing,
    POST: writing,
    DELETE: (request) => onObject(ofUpload(request) ? 's3:AbortMultipartUpload' : 's3:DeleteObject')(request),
  },
};

/** Null for a request that this home's S3 does not have. */
export function s3Requests(request: S3Request): readonly AccessRequest[] | null {
  const about = request.bucket === '' ? 'service' : request.key === '' ? 'bucket' : 'object';
  return s3Actions[about][request.method]?.(request) ?? null;
}
