import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Home, openHome } from '../../../../infra/local/home.ts';
import { AwsError } from '../../../../infra/local/wire/service.ts';

const Bucket = 'releases';
let folder: string;
let home: Home;
let s3: S3Client;
/** Keys that were asked for, in that order. */
let asked: string[];
let produce: (key: string) => Promise<void>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'etcd-appliance-offers-'));
  home = await openHome({ folder });
  const { endpoint, credentials, context } = home;
  s3 = new S3Client({ endpoint, credentials, region: context.region, maxAttempts: 1 });
  const { store } = home.services.s3;
  store.createBucket(Bucket);
  asked = [];
  produce = async (key) => void (await store.put(Bucket, key, Readable.from([Buffer.from(`made ${key}`)])));
  store.offer(Bucket, {
    keys: () => ['offered/a', 'offered/c', 'other'],
    produce(key) {
      asked.push(key);
      return produce(key);
    },
  });
});
afterEach(async () => {
  s3.destroy();
  await home.close();
  rmSync(folder, { recursive: true, force: true });
});

const bodyOf = async (Key: string) => text((await s3.send(new GetObjectCommand({ Bucket, Key }))).Body as Readable);
const put = (Key: string) => s3.send(new PutObjectCommand({ Bucket, Key, Body: 'stored' }));
const head = (Key: string) => s3.send(new HeadObjectCommand({ Bucket, Key }));

describe('an object that is offered', () => {
  test('is listed in its place and described, and not made for that', async () => {
    for (const key of ['offered/b', 'offered/c', 'offered/d']) await put(key);
    const seen: [string | undefined, number | undefined][] = [];
    for await (const { Contents = [] } of paginateListObjectsV2(
      { client: s3, pageSize: 2 },
      { Bucket, Prefix: 'offered/' },
    ))
      for (const { Key, Size } of Contents) seen.push([Key, Size]);
    expect(seen).toEqual([
      ['offered/a', 0],
      ['offered/b', 6],
      ['offered/c', 6],
      ['offered/d', 6],
    ]);
    expect(await head('offered/a')).toMatchObject({ ContentLength: 0 });
    expect(asked).toEqual([]);
  });

  test('is made when it is first read, and is stored from then on', async () => {
    expect(await bodyOf('offered/a')).toBe('made offered/a');
    expect(await bodyOf('offered/a')).toBe('made offered/a');
    expect(asked).toEqual(['offered/a']);
    expect(await head('offered/a')).toMatchObject({ ContentLength: 'made offered/a'.length });
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'offered/a' }));
    expect(Contents).toHaveLength(1);
  });

  test('is made for a copy, too', async () => {
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/other` }));
    expect(await bodyOf('copy')).toBe('made other');
  });

  test('is the stored one where there is one', async () => {
    await put('offered/a');
    expect(await bodyOf('offered/a')).toBe('stored');
    expect(asked).toEqual([]);
  });

  test('says why it could not be made, and is tried again the next time', async () => {
    const works = produce;
    produce = async () => {
      throw new AwsError('InternalError', 'it needs Go 1.21', 500);
    };
    await expect(bodyOf('offered/a')).rejects.toMatchObject({ name: 'InternalError', message: 'it needs Go 1.21' });
    produce = works;
    expect(await bodyOf('offered/a')).toBe('made offered/a');
  });

  test('is no object of another bucket, or of another key', async () => {
    home.services.s3.store.createBucket('another');
    await expect(s3.send(new GetObjectCommand({ Bucket: 'another', Key: 'other' }))).rejects.toMatchObject({
      name: 'NoSuchKey',
    });
    await expect(bodyOf('offered')).rejects.toMatchObject({ name: 'NoSuchKey' });
    expect(asked).toEqual([]);
  });
});
