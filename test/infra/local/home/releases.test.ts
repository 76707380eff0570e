/** Releases that a home offers: the cache is a folder of the test's own, with scripts in the place of binaries. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { bucketKeys } from '../../../../agent/protocol.ts';
import { buildable } from '../../../../infra/local/binaries/build.ts';
import { type Home, openHome } from '../../../../infra/local/home.ts';

jest.setTimeout(60_000);

const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
const keyOf = (version: string) => bucketKeys.etcdRelease(version, arch);
let folder: string;
let home: Home;
let s3: S3Client;
let Bucket: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'etcd-appliance-releases-'));
  process.env.XDG_CACHE_HOME = join(folder, 'cache');
  process.env.ETCD_BINARIES = join(folder, 'binaries');
  mkdirSync(join(folder, 'cache/etcd-appliance/binaries'), { recursive: true });
  mkdirSync(join(folder, 'binaries'));
  home = await openHome({ folder: join(folder, 'home') });
  ({ BucketName: Bucket = '' } = await home.deploy(assemblyWithBucket()));
  s3 = clientOf(home);
});
afterEach(async () => {
  s3.destroy();
  await home.close();
  delete process.env.XDG_CACHE_HOME;
  delete process.env.ETCD_BINARIES;
  rmSync(folder, { recursive: true, force: true });
});

const clientOf = ({ endpoint, credentials, context }: Home) =>
  new S3Client({ endpoint, credentials, region: context.region, maxAttempts: 1 });

/** As `cdk synth` writes it, of a stack that is a bucket. */
function assemblyWithBucket(): string {
  const assembly = join(folder, 'assembly');
  mkdirSync(assembly, { recursive: true });
  const template = {
    Resources: { Bucket: { Type: 'AWS::S3::Bucket', Properties: {} } },
    Outputs: { BucketName: { Value: { Ref: 'Bucket' } } },
  };
  writeFileSync(join(assembly, 'stack.template.json'), JSON.stringify(template));
  const stack = {
    type: 'aws:cloudformation:stack',
    properties: { templateFile: 'stack.template.json', stackName: 'stack' },
  };
  writeFileSync(join(assembly, 'manifest.json'), JSON.stringify({ artifacts: { stack } }));
  return assembly;
}

async function listed(): Promise<string[]> {
  const keys: string[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket, Prefix: 'releases/' }))
    keys.push(...Contents.map(({ Key = '' }) => Key));
  return keys;
}

async function read(Key: string): Promise<Buffer> {
  return buffer((await s3.send(new GetObjectCommand({ Bucket, Key }))).Body as Readable);
}

describe('the cluster’s bucket', () => {
  test('has every release that can be built here or is in the cache, each with its sum', async () => {
    writeFileSync(join(folder, 'cache/etcd-appliance/binaries/etcd-3.4.99'), '');
    const keys = [...buildable(), '3.4.99'].map(keyOf);
    expect(new Set(await listed())).toEqual(new Set([...keys, ...keys.map((key) => `${key}.sha256`)]));
  });

  test('has them after a restart as well', async () => {
    const before = await listed();
    s3.destroy();
    await home.close();
    home = await openHome({ folder: join(folder, 'home') });
    s3 = clientOf(home);
    expect(await listed()).toEqual(before);
  });

  test('gives an archive and the sum that belongs to it, made once for all who ask at the same time', async () => {
    const binary = join(folder, 'binaries/etcd-3.3.27');
    writeFileSync(binary, '#!/bin/sh\necho etcd Version: 3.3.27\n', { mode: 0o755 });
    const key = keyOf('3.3.27');
    const [sum, ...archives] = await Promise.all([read(`${key}.sha256`), read(key), read(key)]);
    for (const archive of archives)
      expect(createHash('sha256').update(archive).digest('hex')).toBe(sum.toString().trim());
    const log = readFileSync(join(folder, 'home/home.log'), 'utf8');
    expect(log.match(/making the release of etcd 3\.3\.27/g)).toHaveLength(1);
  });

  test('says what was tried where a release cannot be had after all', async () => {
    const path = process.env.PATH;
    process.env.PATH = '';
    const failed = await read(keyOf('3.3.27')).catch((error: Error) => error);
    process.env.PATH = path;
    expect(failed).toMatchObject({
      name: 'InternalError',
      message: expect.stringContaining('etcd 3.3.27 could not be had. Tried: '),
    });
  });
});
