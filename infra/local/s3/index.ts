/**
 * S3, path style: buckets, objects with metadata, ranges, copies, listings. What it does not do: versions, multipart
 * uploads, ACLs, policies, lifecycles, encryption. Checksums are verified and not kept. An object that is only offered so
 * far (offers.ts) is listed and described with no size and no entity tag; its first GET waits until it is made.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError, type HomeContext, type RawService } from '../wire/service.ts';
import { escapeXml } from '../wire/xml.ts';
import { notHere, onObject, xml } from './objects.ts';
import { createObjectStore, type ObjectStore } from './store.ts';

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
