/** Files that agents send to S3 in parts, and what S3 says of uploads in parts. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Aws, createAws } from '../../../../agent/machine/aws.ts';
import { errorOf, metadataOf, type Target, targets } from './target.ts';

jest.setTimeout(120_000);

const Bucket = 'contract-multipart';
const partBytes = 5 * 1024 ** 2;
const longMs = 60_000;
/** moto takes parts with any checksum and in any order, breaks down over an upload that is gone, and forgets one that is completed. */
const isExact = (name: string) => name !== 'moto';

describe.each(targets)('S3 of %s', (name, open) => {
  let target: Target;
  let s3: S3Client;
  let aws: Aws;
  let folder: string;
  beforeAll(async () => {
    target = await open();
    s3 = new S3Client(target.client);
    const location = { LocationConstraint: 'eu-west-1' } as const;
    await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: location }));
    const { endpoint, region } = target.client;
    aws = createAws(metadataOf(target), region, endpoint, { wholeBytes: partBytes, partBytes, pausesMs: [] });
    folder = mkdtempSync(join(tmpdir(), 'multipart-'));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    s3.destroy();
    await target.close();
  });

  const openUploads = async () => (await s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads ?? [];
  const create = async (Key: string) => {
    const begun = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ChecksumAlgorithm: 'SHA256' }));
    return { Bucket, Key, UploadId: begun.UploadId };
  };
  type Begun = Awaited<ReturnType<typeof create>>;
  /** @returns as the request to complete the upload has it */
  const sendPart = async (upload: Begun, PartNumber: number, Body: Buffer): Promise<CompletedPart> => {
    const ChecksumSHA256 = createHash('sha256').update(Body).digest('base64');
    const { ETag } = await s3.send(new UploadPartCommand({ ...upload, PartNumber, Body, ChecksumSHA256 }));
    return { PartNumber, ETag, ChecksumSHA256 };
  };
  const complete = (upload: Begun, Parts: CompletedPart[]) =>
    s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
  const digest = (algorithm: string, bytes: Buffer) => createHash(algorithm).update(bytes).digest();

  test.each([
    ['whole, up to the threshold', partBytes, ''],
    ['in two parts, the second of one byte', partBytes + 1, '-2'],
    ['in three parts', 2 * partBytes + 12_345, '-3'],
    ['in parts that are all full', 2 * partBytes, '-2'],
  ])('keeps a file that is sent %s', async (_how, size, suffix) => {
    const bytes = randomBytes(size);
    const file = { path: join(folder, String(size)), bytes: size, sha256: digest('sha256', bytes).toString('hex') };
    writeFileSync(file.path, bytes);
    const Key = `backups/token/2026-11-26T010203Z-operation-i-${size}.tar.gz`;
    await aws.putObject(Bucket, Key, file, { revision: '12', sha256: file.sha256 }, longMs);
    const described = await s3.send(new HeadObjectCommand({ Bucket, Key }));
    expect(described).toMatchObject({ ContentLength: size, Metadata: { revision: '12', sha256: file.sha256 } });
    expect(/^"[0-9a-f]{32}(-\d+)?"$/.exec(described.ETag ?? '')?.[1] ?? '').toBe(suffix);
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    expect((await buffer(Body as Readable)).equals(bytes)).toBe(true);
    expect(await openUploads()).toEqual([]);
  });

  test('names an object of parts after the digests of its parts', async () => {
    const upload = await create('parts');
    expect((await openUploads()).map(({ Key, UploadId }) => [Key, UploadId])).toEqual([['parts', upload.UploadId]]);
    const bodies = [randomBytes(partBytes), randomBytes(1_000)];
    const parts = [];
    // The second one before the first, which is sent twice: the last counts.
    const [first = Buffer.of(), second = Buffer.of()] = bodies;
    parts.unshift(await sendPart(upload, 7, second));
    await sendPart(upload, 3, Buffer.from('sent again'));
    parts.unshift(await sendPart(upload, 3, first));
    const { ETag, ChecksumSHA256 } = await complete(upload, parts);
    const of = (algorithm: string) => digest(algorithm, Buffer.concat(bodies.map((bytes) => digest(algorithm, bytes))));
    expect(ETag).toBe(`"${of('md5').toString('hex')}-2"`);
    if (isExact(name)) expect(ChecksumSHA256).toBe(`${of('sha256').toString('base64')}-2`);
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'parts' }));
    expect((await buffer(Body as Readable)).equals(Buffer.concat(bodies))).toBe(true);
    expect(await openUploads()).toEqual([]);
  });

  test('makes no object of parts that are not there, too small or in no order', async () => {
    const upload = await create('refused');
    const small = await sendPart(upload, 1, Buffer.from('small'));
    const large = await sendPart(upload, 2, randomBytes(partBytes));
    expect(await errorOf(complete(upload, [small, large]))).toBe('EntityTooSmall');
    if (isExact(name)) expect(await errorOf(complete(upload, [large, small]))).toBe('InvalidPartOrder');
    expect(await errorOf(complete(upload, [{ ...large, PartNumber: 3 }]))).toBe('InvalidPart');
    expect(await errorOf(complete(upload, [{ ...small, ETag: large.ETag }]))).toBe('InvalidPart');
    expect(await errorOf(complete(upload, []))).toBe('MalformedXML');
    expect(await errorOf(s3.send(new HeadObjectCommand({ Bucket, Key: 'refused' })))).toBe('NotFound');
    await s3.send(new AbortMultipartUploadCommand(upload));
  });

  test('knows nothing of an upload that was given up', async () => {
    const upload = await create('given up');
    const part = await sendPart(upload, 1, Buffer.from('part'));
    await s3.send(new AbortMultipartUploadCommand(upload));
    expect(await openUploads()).toEqual([]);
    if (isExact(name)) {
      expect(await errorOf(sendPart(upload, 2, Buffer.from('part')))).toBe('NoSuchUpload');
      expect(await errorOf(complete(upload, [part]))).toBe('NoSuchUpload');
    }
    expect(await errorOf(s3.send(new AbortMultipartUploadCommand(upload)))).toBe('NoSuchUpload');
    expect(await errorOf(s3.send(new HeadObjectCommand({ Bucket, Key: 'given up' })))).toBe('NotFound');
  });

  test('begins no upload into a bucket that is not there', async () => {
    const begin = new CreateMultipartUploadCommand({ Bucket: 'contract-absent', Key: 'key' });
    expect(await errorOf(s3.send(begin))).toBe('NoSuchBucket');
  });

  if (isExact(name)) {
    test('takes no part without the checksum that was announced, or with a wrong one', async () => {
      const upload = await create('checksums');
      const wrong = {
        ...upload,
        PartNumber: 1,
        Body: 'part',
        ChecksumSHA256: digest('sha256', Buffer.of()).toString('base64'),
      };
      expect(await errorOf(s3.send(new UploadPartCommand(wrong)))).toBe('BadDigest');
      const other = { ...upload, PartNumber: 1, Body: 'part', ChecksumAlgorithm: 'CRC32' } as const;
      expect(await errorOf(s3.send(new UploadPartCommand(other)))).toBe('InvalidRequest');
      const part = await sendPart(upload, 1, Buffer.from('part'));
      expect(await errorOf(complete(upload, [{ ...part, ChecksumSHA256: undefined }]))).toBe('InvalidRequest');
      expect(await errorOf(complete(upload, [{ ...part, ChecksumSHA256: wrong.ChecksumSHA256 }]))).toBe('InvalidPart');
      await complete(upload, [part]);
    });

    test('answers a request to complete an upload once more, and takes nothing more for it', async () => {
      const upload = await create('completed');
      const part = await sendPart(upload, 1, Buffer.from('part'));
      const { ETag } = await complete(upload, [part]);
      expect((await complete(upload, [part])).ETag).toBe(ETag);
      expect(await errorOf(sendPart(upload, 2, Buffer.from('more')))).toBe('NoSuchUpload');
      expect(await errorOf(s3.send(new AbortMultipartUploadCommand(upload)))).toBe('NoSuchUpload');
      expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'completed' }))).ETag).toBe(ETag);
    });
  }
});
