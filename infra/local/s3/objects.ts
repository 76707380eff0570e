/** Requests about one object. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { AwsError } from '../wire/service.ts';
import { verified } from './checksums.ts';
import type { DescribedObject, ObjectStore } from './store.ts';

export async function onObject(
  store: ObjectStore,
  bucket: string,
  key: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method } = request;
  if (method === 'PUT') return put(store, bucket, key, request, response);
  if (method === 'GET') return get(store, bucket, key, request, response);
  if (method === 'HEAD') {
    answer(present(store.describe(bucket, key), bucket, key), request, response);
    response.end();
  } else if (method === 'DELETE') {
    store.delete(bucket, key);
    response.writeHead(204).end();
  } else throw notHere(request);
}

async function get(
  store: ObjectStore,
  bucket: string,
  key: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const object = present(await store.obtain(bucket, key), bucket, key);
  const { length, range } = answer(object, request, response);
  if (length === 0) response.end();
  else await pipeline(store.read(object, range ?? undefined), response).catch(unlessClosed);
}

/** Who has read enough may go. */
function unlessClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Writes the answer's head. */
function answer(
  object: DescribedObject,
  request: IncomingMessage,
  response: ServerResponse,
): { readonly length: number; readonly range: Range | null } {
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
  return { length, range };
}

async function put(
  store: ObjectStore,
  bucket: string,
  key: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const source = request.headers['x-amz-copy-source'];
  if (typeof source === 'string') {
    const [from = '', ...rest] = decodeURIComponent(source).replace(/^\//, '').split('/');
    const original = present(await store.obtain(from, rest.join('/')), from, rest.join('/'));
    const copy = await store.put(bucket, key, store.read(original), original);
    const result = `<ETag>&quot;${copy.etag}&quot;</ETag><LastModified>${copy.modified.toISOString()}</LastModified>`;
    return xml(response, `<CopyObjectResult>${result}</CopyObjectResult>`);
  }
  const stored = await store.put(bucket, key, verified(request), aboutOf(request));
  const checksum = request.headers['x-amz-checksum-sha256'];
  response.writeHead(200, { etag: `"${stored.etag}"`, ...(checksum && { 'x-amz-checksum-sha256': checksum }) }).end();
}

/** What a request says of the object that it makes. */
export function aboutOf({ headers }: IncomingMessage): { contentType: string; metadata: Record<string, string> } {
  const metadata = Object.entries(headers)
    .filter(([name]) => name.startsWith('x-amz-meta-'))
    .map(([name, value]) => [name.slice('x-amz-meta-'.length), String(value)]);
  return { contentType: headers['content-type'] ?? 'binary/octet-stream', metadata: Object.fromEntries(metadata) };
}

function present<T>(object: T | null, bucket: string, key: string): T {
  if (object === null) throw new AwsError('NoSuchKey', `The specified key does not exist: ${bucket}/${key}`, 404);
  return object;
}

function rangeOf(header: string | undefined, size: number): Range | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return null;
  const start = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = match[1] === '' || match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  if (start > end) throw new AwsError('InvalidRange', 'The requested range is not satisfiable', 416);
  return { start, end };
}

export function notHere(request: IncomingMessage): AwsError {
  return new AwsError('NotImplemented', `This home's S3 has no ${request.method} ${request.url}`, 501);
}

export function xml(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0" encoding="UTF-8"?>${body}`);
}
