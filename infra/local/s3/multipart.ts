/** Requests of multipart uploads, and the list of those under way in a bucket. No lists of parts, no parts that are copied. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { all, parseXml, textAt, type XmlValue } from '../../../agent/machine/xml.ts';
import { readBody } from '../wire/request.ts';
import { AwsError } from '../wire/service.ts';
import { escapeXml } from '../wire/xml.ts';
import { verified } from './checksums.ts';
import type { NamedPart } from './composition.ts';
import { aboutOf, notHere, xml } from './objects.ts';
import type { Upload, Uploads } from './uploads.ts';

export function isOfUpload(query: URLSearchParams): boolean {
  return query.has('uploads') || query.has('uploadId');
}

export async function onUpload(
  uploads: Uploads,
  bucket: string,
  key: string,
  query: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method } = request;
  const id = query.get('uploadId');
  if (id === null && method === 'POST') {
    const withSha256 = request.headers['x-amz-checksum-algorithm'] === 'SHA256';
    const upload = uploads.create(bucket, key, { ...aboutOf(request), withSha256 });
    return xml(response, `<InitiateMultipartUploadResult>${named(upload)}</InitiateMultipartUploadResult>`);
  }
  if (id === null || request.headers['x-amz-copy-source'] !== undefined) throw notHere(request);
  if (method === 'PUT') return putPart(uploads, uploads.find(id, bucket, key), query, request, response);
  if (method === 'DELETE') {
    uploads.abort(uploads.find(id, bucket, key));
    response.writeHead(204).end();
  } else if (method === 'POST') {
    const { etag, sha256 } = await uploads.complete(id, bucket, key, namedParts((await readBody(request)).toString()));
    const checksum = sha256 && `<ChecksumSHA256>${sha256}</ChecksumSHA256><ChecksumType>COMPOSITE</ChecksumType>`;
    xml(
      response,
      `<CompleteMultipartUploadResult><Bucket>${bucket}</Bucket><Key>${escapeXml(key)}</Key><ETag>&quot;${etag}&quot;</ETag>` +
        `${checksum ?? ''}</CompleteMultipartUploadResult>`,
    );
  } else throw notHere(request);
}

export function listUploads(uploads: Uploads, bucket: string): string {
  const found = uploads
    .list(bucket)
    .map((upload) => `<Upload>${named(upload)}<Initiated>${upload.initiated.toISOString()}</Initiated></Upload>`);
  return `<ListMultipartUploadsResult><Bucket>${bucket}</Bucket><IsTruncated>false</IsTruncated>${found.join('')}</ListMultipartUploadsResult>`;
}

function named({ bucket, key, id }: Upload): string {
  return `<Bucket>${bucket}</Bucket><Key>${escapeXml(key)}</Key><UploadId>${id}</UploadId>`;
}

async function putPart(
  uploads: Uploads,
  upload: Upload,
  query: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const number = Number(query.get('partNumber'));
  if (!Number.isInteger(number) || number < 1 || number > 10_000)
    throw new AwsError('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive');
  const said = [request.headers['x-amz-trailer'], ...Object.keys(request.headers)];
  if (upload.about.withSha256 && !said.includes('x-amz-checksum-sha256'))
    throw new AwsError(
      'InvalidRequest',
      'Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: null',
    );
  const { md5, sha256 } = await uploads.put(upload, number, verified(request));
  const ofChecksum = upload.about.withSha256 && { 'x-amz-checksum-sha256': sha256 };
  response.writeHead(200, { etag: `"${md5}"`, ...ofChecksum }).end();
}

/** @throws AwsError `MalformedXML` */
function namedParts(body: string): NamedPart[] {
  const parts = all(parsed(body), 'Part').map((part) => ({
    number: Number(textAt(part, 'PartNumber')),
    md5: textAt(part, 'ETag').replaceAll('"', ''),
    sha256: textAt(part, 'ChecksumSHA256') || null,
  }));
  if (parts.length === 0) throw malformed();
  return parts;
}

function parsed(body: string): XmlValue {
  try {
    return parseXml(body);
  } catch {
    throw malformed();
  }
}

function malformed(): AwsError {
  const message = 'The XML you provided was not well-formed or did not validate against our published schema';
  return new AwsError('MalformedXML', message);
}
