/**
 * S3 has one namespace of buckets, and each region's endpoint serves its own: who asks another one is told where the bucket
 * is, before anything is asked of policies (API reference: Error responses, PermanentRedirect).
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RawService } from '../wire/service.ts';
import type { ObjectStore } from './store.ts';

export function inItsRegion(s3: RawService, { regionOf }: Pick<ObjectStore, 'regionOf'>): RawService {
  return {
    name: s3.name,
    async handle(request, response, caller, region) {
      const [, bucket = '', key = ''] = new URL(request.url ?? '/', 'http://localhost').pathname.split('/');
      const actual = regionOf(decodeURIComponent(bucket));
      const makesBucket = request.method === 'PUT' && key === '';
      if (actual === null || actual === region || makesBucket) return s3.handle(request, response, caller, region);
      redirect(bucket, actual, request, response);
    },
  };
}

function redirect(bucket: string, region: string, { method }: IncomingMessage, response: ServerResponse): void {
  const id = randomUUID();
  const message =
    'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future ' +
    'requests to this endpoint.';
  const body =
    `<?xml version="1.0" encoding="UTF-8"?><Error><Code>PermanentRedirect</Code><Message>${message}</Message>` +
    `<Bucket>${bucket}</Bucket><Endpoint>s3.${region}.amazonaws.com</Endpoint><RequestId>${id}</RequestId></Error>`;
  const headers = { 'content-type': 'application/xml', 'x-amz-bucket-region': region, 'x-amz-request-id': id };
  response.writeHead(301, headers).end(method === 'HEAD' ? '' : body);
}
