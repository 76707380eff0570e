/**
 * S3, path style: buckets, objects with metadata, ranges, copies, listings. What it does not do: versions, multipart
 * uploads, ACLs, policies, encryption, verification of checksums.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { AwsError, type HomeContext, type RawService } from '../wire/service.ts';
import { escapeXml } from '../wire/xml.ts';
import { unchunked } from './chunked.ts';
import { createObjectStore, type ObjectStore, type StoredObject } from './store.ts';

export interface S3 extends RawService {
  readonly store: ObjectStore;
}

export function createS3(context: HomeContext): S3 {
  const store = createObjectStore(context);
  return {
    name: 's3',
    store,
    async handle(request, response) {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const [, bucket = '', ...rest] = url.pathname.split('/').map(decodeURIComponent);
      const key = rest.join('/');
      if (bucket === '') return xml(response, listBuckets(store));
      if (key === '') return onBucket(store, bucket, url.searchParams, request, response, context.region);
      return onObject(store, bucket, key, request, response);
    },
  };
}

async function onBucket(
  store: ObjectStore,
  bucket: string,
  query: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
  region: string,
): Promise<void> {
  if (request.method === 'PUT') store.createBucket(bucket);
  else if (!store.hasBucket(bucket)) throw new AwsError('NoSuchBucket', `The bucket ${bucket} does not exist.`, 404);
  else if (request.method === 'DELETE') store.deleteBucket(bucket);
  else if (query.has('location')) return xml(response, `<LocationConstraint>${region}</LocationConstraint>`);
  else if (request.method === 'GET') return xml(response, listObjects(store, bucket, query));
  else if (request.method !== 'HEAD') throw notHere(request);
  response.writeHead(request.method === 'DELETE' ? 204 : 200, { 'x-amz-bucket-region': region }).end();
}

async function onObject(
  store: ObjectStore,
  bucket: string,
  key: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method === 'PUT') return put(store, bucket, key, request, response);
  if (request.method === 'DELETE') {
    store.delete(bucket, key);
    response.writeHead(204).end();
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') throw notHere(request);
  const object = existing(store, bucket, key);
  const range = rangeOf(request.headers.range, object.size);
  const length = range === null ? object.size : range.end - range.start + 1;
  response.writeHead(range === null ? 200 : 206, {
    'content-length': length,
    'content-type': object.contentType,
    'last-modified': object.modified.toUTCString(),
    etag: `"${object.etag}"`,
    'accept-ranges': 'bytes',
    ...(range && { 'content-range': `bytes ${range.start}-${range.end}/${object.size}` }),
    ...Object.fromEntries(Object.entries(object.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])),
  });
  if (request.method === 'HEAD' || length === 0) response.end();
  else await pipeline(store.read(object, range ?? undefined), response);
}

async function put(
  store: ObjectStore,
  bucket: string,
  key: string,
  request: IncomingMessage,
  response: ServerResponse,
) {
  const source = request.headers['x-amz-copy-source'];
  if (typeof source === 'string') {
    const [from = '', ...rest] = decodeURIComponent(source).replace(/^\//, '').split('/');
    const original = existing(store, from, rest.join('/'));
    const copy = await store.put(bucket, key, store.read(original), original);
    const result = `<ETag>&quot;${copy.etag}&quot;</ETag><LastModified>${copy.modified.toISOString()}</LastModified>`;
    return xml(response, `<CopyObjectResult>${result}</CopyObjectResult>`);
  }
  const chunked = String(request.headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-');
  const metadata = Object.entries(request.headers)
    .filter(([name]) => name.startsWith('x-amz-meta-'))
    .map(([name, value]) => [name.slice('x-amz-meta-'.length), String(value)]);
  const stored = await store.put(bucket, key, chunked ? unchunked(request) : request, {
    contentType: request.headers['content-type'] ?? 'binary/octet-stream',
    metadata: Object.fromEntries(metadata),
  });
  response.writeHead(200, { etag: `"${stored.etag}"` }).end();
}

function existing(store: ObjectStore, bucket: string, key: string): StoredObject {
  const object = store.get(bucket, key);
  if (object === null) throw new AwsError('NoSuchKey', `The specified key does not exist: ${bucket}/${key}`, 404);
  return object;
}

function rangeOf(header: string | undefined, size: number): { start: number; end: number } | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return null;
  const start = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = match[1] === '' || match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  if (start > end) throw new AwsError('InvalidRange', 'The requested range is not satisfiable', 416);
  return { start, end };
}

function listBuckets(store: ObjectStore): string {
  const buckets = store
    .buckets()
    .map(
      ({ name, created }) =>
        `<Bucket><Name>${name}</Name><CreationDate>${created.toISOString()}</CreationDate></Bucket>`,
    );
  return `<ListAllMyBucketsResult><Buckets>${buckets.join('')}</Buckets></ListAllMyBucketsResult>`;
}

function listObjects(store: ObjectStore, bucket: string, query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? '';
  const limit = Math.min(Number(query.get('max-keys') ?? 1000), 1000);
  const token = query.get('continuation-token');
  const after = token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString('utf8');
  const found = store.list(bucket, prefix, after, limit + 1);
  const page = found.slice(0, limit);
  const more = found.length > limit;
  const next = Buffer.from(page.at(-1)?.key ?? '').toString('base64url');
  const contents = page.map(
    ({ key, size, etag, modified }) =>
      `<Contents><Key>${escapeXml(key)}</Key><LastModified>${modified.toISOString()}</LastModified><ETag>&quot;${etag}&quot;</ETag><Size>${size}</Size><StorageClass>STANDARD</StorageClass></Contents>`,
  );
  return (
    `<ListBucketResult><Name>${bucket}</Name><Prefix>${escapeXml(prefix)}</Prefix><KeyCount>${page.length}</KeyCount><MaxKeys>${limit}</MaxKeys>` +
    `<IsTruncated>${more}</IsTruncated>${more ? `<NextContinuationToken>${next}</NextContinuationToken>` : ''}${contents.join('')}</ListBucketResult>`
  );
}

function notHere(request: IncomingMessage): AwsError {
  return new AwsError('NotImplemented', `This home's S3 has no ${request.method} ${request.url}`, 501);
}

function xml(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0" encoding="UTF-8"?>${body}`);
}
