/** Objects of S3 as releases and backups need them: what is written is read, whole or in part, and copied as it is. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { agentOf, errorOf, type Target, targets } from './target.ts';

jest.setTimeout(120_000);

const Bucket = 'contract-objects';

describe.each(targets)('S3 of %s', (_, open) => {
  let target: Target;
  let s3: S3Client;
  beforeAll(async () => {
    target = await open();
    s3 = new S3Client(target.client);
    const location = { LocationConstraint: 'eu-west-1' } as const;
    await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: location }));
  });
  afterAll(() => target.close());

  const put = (Key: string, Body: string | Buffer, more: object = {}) =>
    s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
  const get = (Key: string, Range?: string) => s3.send(new GetObjectCommand({ Bucket, Key, ...(Range && { Range }) }));

  test('says of an object its size, type, entity tag and time', async () => {
    const body = 'etcd 3.5.35';
    const md5 = createHash('md5').update(body).digest('hex');
    expect((await put('release', body, { ContentType: 'application/gzip' })).ETag).toBe(`"${md5}"`);
    const described = {
      ContentLength: body.length,
      ContentType: 'application/gzip',
      ETag: `"${md5}"`,
      LastModified: expect.any(Date),
      AcceptRanges: 'bytes',
    };
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key: 'release' }))).toMatchObject(described);
    expect(await get('release')).toMatchObject(described);
    await put('release', 'another one');
    expect(await text((await get('release')).Body as Readable)).toBe('another one');
  });

  test.each([
    ['bytes=2-4', 'cde', 'bytes 2-4/10'],
    ['bytes=7-', 'hij', 'bytes 7-9/10'],
    ['bytes=-2', 'ij', 'bytes 8-9/10'],
    ['bytes=8-100', 'ij', 'bytes 8-9/10'],
  ])('serves the range %s', async (range, part, ContentRange) => {
    await put('letters', 'abcdefghij');
    const answer = await get('letters', range);
    expect(answer).toMatchObject({ ContentRange, ContentLength: part.length });
    expect(answer.$metadata.httpStatusCode).toBe(206);
    expect(await text(answer.Body as Readable)).toBe(part);
  });

  test('refuses a range behind the end', async () => {
    await put('letters', 'abcdefghij');
    expect(await errorOf(get('letters', 'bytes=10-12'))).toBe('InvalidRange');
  });

  test('keeps every byte of a large object, and none of an empty one', async () => {
    const large = Buffer.from(Array.from({ length: 3_000_000 }, (_unused, index) => (index * 7919) % 256));
    await put('large', large);
    expect((await buffer((await get('large')).Body as Readable)).equals(large)).toBe(true);
    await put('empty', '', { ContentLength: 0 });
    expect(await text((await get('empty')).Body as Readable)).toBe('');
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'empty' }))).ContentLength).toBe(0);
  });

  test('copies an object with its metadata, from a key of any characters', async () => {
    const Key = 'from here/ä+b & c=100%.txt';
    await put(Key, 'copied', { Metadata: { sha256: 'abc' }, ContentType: 'text/plain' });
    const CopySource = `${Bucket}/${Key.split('/').map(encodeURIComponent).join('/')}`;
    const { CopyObjectResult } = await s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource }));
    const original = await s3.send(new HeadObjectCommand({ Bucket, Key }));
    expect(CopyObjectResult).toMatchObject({ ETag: original.ETag, LastModified: expect.any(Date) });
    const copy = await get('copy');
    expect(copy).toMatchObject({ Metadata: { sha256: 'abc' }, ContentType: 'text/plain', ContentLength: 6 });
    expect(await text(copy.Body as Readable)).toBe('copied');
    const absent = new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/absent` });
    expect(await errorOf(s3.send(absent))).toBe('NoSuchKey');
  });

  test('lists below a prefix in the order of keys, page by page', async () => {
    for (const key of ['list/c', 'list/a', 'list/b/1', 'lists', 'list/b/2']) await put(key, key);
    const keys: (string | undefined)[] = [];
    const sizes: (number | undefined)[] = [];
    let pages = 0;
    for await (const page of paginateListObjectsV2({ client: s3, pageSize: 2 }, { Bucket, Prefix: 'list/' })) {
      pages += 1;
      keys.push(...(page.Contents ?? []).map(({ Key }) => Key));
      sizes.push(...(page.Contents ?? []).map(({ Size }) => Size));
    }
    expect([keys, sizes, pages]).toEqual([['list/a', 'list/b/1', 'list/b/2', 'list/c'], [6, 8, 8, 6], 2]);
    const none = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'none/' }));
    expect([none.KeyCount, none.IsTruncated, none.Contents ?? []]).toEqual([0, false, []]);
  });

  test('says that there is no such object', async () => {
    expect(await errorOf(get('absent'))).toBe('NoSuchKey');
    expect(await errorOf(s3.send(new HeadObjectCommand({ Bucket, Key: 'absent' })))).toBe('NotFound');
  });

  test("serves the agent's own request", async () => {
    await put('etcd/3.5.35', 'an archive');
    const aws = agentOf(target);
    const found = await aws.object(Bucket, 'etcd/3.5.35', 5_000);
    expect(found && (await text(found))).toBe('an archive');
    expect(await aws.object(Bucket, 'etcd/9.9.9', 5_000)).toBeNull();
  });
});
