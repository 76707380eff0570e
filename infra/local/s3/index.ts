/**
 * S3, path style: buckets of all regions, objects with metadata, ranges, copies, listings, multipart uploads. What it does not do: versions,
 * ACLs, policies, lifecycles, encryption. Checksums are verified and not kept. An object that is only offered so far
 * (offers.ts) is listed and described with no size and no entity tag; its first GET waits until it is made.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HomeContext, RawService } from '../wire/service.ts';
import { escapeXml } from '../wire/xml.ts';
import { isOfUpload, listUploads, onUpload } from './multipart.ts';
import { notHere, onObject, xml } from './objects.ts';
import { createObjectStore, noSuchBucket, type ObjectStore } from './store.ts';
import { createUploads, type Uploads } from './uploads.ts';

export interface S3 extends RawService {
  readonly store: ObjectStore;
  readonly uploads: Uploads;
}

export function createS3(context: HomeContext): S3 {
  const store = createObjectStore(context);
  const uploads = createUploads(context, store);
  return {
    name: 's3',
    store,
    uploads,
    async handle(request, response, _caller, region) {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const [, bucket = '', ...rest] = url.pathname.split('/').map(decodeURIComponent);
      const key = rest.join('/');
      if (bucket === '') return xml(response, listBuckets(store));
      const query = url.searchParams;
      if (key === '') return onBucket({ store, uploads }, bucket, query, request, response, region);
      if (isOfUpload(query)) return onUpload(uploads, bucket, key, query, request, response);
      return onObject(store, bucket, key, request, response);
    },
  };
}

async function onBucket(
  { store, uploads }: Pick<S3, 'store' | 'uploads'>,
  bucket: string,
  query: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
  region: string,
): Promise<void> {
  if (request.method === 'PUT') store.createBucket(bucket, region);
  else if (!store.hasBucket(bucket)) throw noSuchBucket(bucket);
  else if (request.method === 'DELETE') {
    store.deleteBucket(bucket);
    uploads.list(bucket).forEach(uploads.abort);
  } else if (query.has('location')) return xml(response, `<LocationConstraint>${region}</LocationConstraint>`);
  else if (request.method === 'GET' && query.has('uploads')) return xml(response, listUploads(uploads, bucket));
  else if (request.method === 'GET') return xml(response, listObjects(store, bucket, query));
  else if (request.method !== 'HEAD') throw notHere(request);
  response.writeHead(request.method === 'DELETE' ? 204 : 200, { 'x-amz-bucket-region': region }).end();
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
