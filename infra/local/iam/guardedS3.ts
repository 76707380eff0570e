/** S3 behind the policies: requests are evaluated by method and path, and a missing key is told to those alone who may list. */
import type { IncomingMessage } from 'node:http';
import { AwsError, type Caller, type RawService } from '../wire/service.ts';
import type { Access } from './access.ts';
import { listing, type S3Request, s3Requests } from './actions/s3.ts';

export function guardedS3(s3: RawService, access: Access): RawService {
  return {
    name: s3.name,
    async handle(request, response, caller, region) {
      const asked = askedOf(request);
      const needed = s3Requests(asked);
      if (needed !== null) access.require(caller, 's3', needed, region);
      try {
        await s3.handle(request, response, caller, region);
      } catch (error) {
        if (error instanceof AwsError && error.code === 'NoSuchKey') requireListing(access, caller, asked, region);
        throw error;
      }
    },
  };
}

/** Without permission to list, S3 answers 403 of a key that is not there (API reference: GetObject, HeadObject). */
function requireListing(access: Access, caller: Caller, asked: S3Request, region: string): void {
  access.require(caller, 's3', listing({ ...asked, query: new URLSearchParams() }), region);
}

function askedOf({ method = 'GET', url = '/', headers }: IncomingMessage): S3Request {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const [, bucket = '', ...rest] = pathname.split('/').map(decodeURIComponent);
  return { method, bucket, key: rest.join('/'), query: searchParams, headers };
}
