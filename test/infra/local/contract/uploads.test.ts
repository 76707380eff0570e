/** Files that agents put into S3, and what S3 makes of a checksum. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Aws, ObjectFile } from '../../../../agent/machine/aws.ts';
import { agentOf, errorOf, type Target, targets } from './target.ts';

jest.setTimeout(120_000);

const Bucket = 'contract-uploads';
const longMs = 30_000;
/** moto takes any checksum. */
const verifies = (name: string) => name !== 'moto';

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
    aws = agentOf(target);
    folder = mkdtempSync(join(tmpdir(), 'uploads-'));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    s3.destroy();
    await target.close();
  });

  function fileOf(bytes: Buffer): ObjectFile {
    const path = join(folder, randomBytes(6).toString('hex'));
    writeFileSync(path, bytes);
    return { path, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  }

  test.each([0, 1, 5_000_000])('keeps a file of %d bytes with its metadata', async (size) => {
    const bytes = randomBytes(size);
    const key = `backups/token/2026-11-25T010203Z-operation-i-${size}.db`;
    await aws.putObject(Bucket, key, fileOf(bytes), { revision: '12', 'cluster-version': '' }, longMs);
    const { ContentLength, Metadata } = await s3.send(new HeadObjectCommand({ Bucket, Key: key }));
    expect({ ContentLength, Metadata }).toMatchObject({ ContentLength: size, Metadata: { revision: '12' } });
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: key }));
    expect((await buffer(Body as Readable)).equals(bytes)).toBe(true);
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: key }));
    expect(Contents.map(({ Key, Size }) => [Key, Size])).toEqual([[key, size]]);
  });

  test('says by name why it refuses a file, and sends it on the next call', async () => {
    const file = fileOf(randomBytes(5_000_000));
    await expect(aws.putObject('contract-absent', 'key', file, {}, longMs)).rejects.toMatchObject({
      name: 'AwsCallError',
      code: 'NoSuchBucket',
      message: expect.stringContaining('s3 PutObject key: NoSuchBucket: '),
    });
    await aws.putObject(Bucket, 'key', file, {}, longMs);
  });

  test('takes what the SDK says of a body, before it and after it', async () => {
    const bytes = randomBytes(300_000);
    for (const ChecksumAlgorithm of ['SHA256', 'CRC32'] as const) {
      const about = { Bucket, Key: 'sdk', ChecksumAlgorithm, ContentLength: bytes.length };
      await s3.send(new PutObjectCommand({ ...about, Body: bytes }));
      await s3.send(new PutObjectCommand({ ...about, Body: Readable.from([bytes]) }));
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'sdk' }));
      expect((await buffer(Body as Readable)).equals(bytes)).toBe(true);
    }
  });

  if (verifies(name)) {
    test('keeps nothing that has another SHA-256 than was said', async () => {
      const file = { ...fileOf(randomBytes(1_000_000)), sha256: '0'.repeat(64) };
      await expect(aws.putObject(Bucket, 'wrong', file, {}, longMs)).rejects.toMatchObject({ code: 'BadDigest' });
      expect(await errorOf(s3.send(new HeadObjectCommand({ Bucket, Key: 'wrong' })))).toBe('NotFound');
      for (const said of [{ ChecksumSHA256: file.sha256 }, { ChecksumCRC32: 'AAAAAA==' }]) {
        const put = new PutObjectCommand({ Bucket, Key: 'wrong', Body: 'wrong', ...said });
        expect(await errorOf(s3.send(put))).toBe('BadDigest');
      }
    });
  }

  test.each([
    ['grew', 999],
    ['shrank', 1_001],
  ])('is sent no file that %s', async (_what, bytes) => {
    const file = { ...fileOf(randomBytes(1_000)), bytes };
    await expect(aws.putObject(Bucket, 'changed', file, {}, longMs)).rejects.toThrow(`has not the ${bytes} bytes`);
    expect(await errorOf(s3.send(new HeadObjectCommand({ Bucket, Key: 'changed' })))).toBe('NotFound');
  });

  test('is sent no file that is not there, or that S3 would not take', async () => {
    const file = { ...fileOf(Buffer.from('a')), path: join(folder, 'absent') };
    await expect(aws.putObject(Bucket, 'absent', file, {}, longMs)).rejects.toThrow('ENOENT');
    const large = aws.putObject(Bucket, 'large', { ...file, bytes: 10_000 * 512 * 1024 ** 2 + 1 }, {}, longMs);
    await expect(large).rejects.toMatchObject({ code: 'EntityTooLarge' });
  });
});
