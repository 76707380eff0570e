/** Metadata, signed calls and releases together: real sockets, the metadata service of the local home, a bucket over HTTP. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Aws, createAws } from '../../../agent/machine/aws.ts';
import { createMetadata, type Metadata } from '../../../agent/machine/metadata.ts';
import { createReleases } from '../../../agent/machine/releases.ts';
import { bucketKeys } from '../../../agent/protocol.ts';
import type { Instance } from '../../../infra/local/ec2/instance.ts';
import { metadataPort, startMetadata } from '../../../infra/local/ec2/metadata.ts';
import { ownAddress } from '../../loopback.ts';

const address = ownAddress(4);
const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
const tags: Record<string, string> = {
  'etcd-appliance:cluster': 'etcd',
  'etcd-appliance:table': 'records',
  'etcd-appliance:bucket': 'releases',
  'etcd-appliance:certificates': 'arn:aws:lambda:eu-west-1:123456789012:function:signer',
  'etcd-appliance:home-region': 'eu-west-1',
};
/** No official release has this number, so that nothing outside is asked. */
const version = '3.5.999';
const key = bucketKeys.etcdRelease(version, arch);
let objects: Map<string, Buffer>;
let asked: IncomingMessage[];
let s3: Server;
let imds: Server;
let metadata: Metadata;
let aws: Aws;
let folder: string;

beforeAll(async () => {
  const instance = { instanceId: 'i-1', address, zone: 'eu-west-1a', roleName: 'member', tags } as unknown as Instance;
  const credentials = () => ({ accessKeyId: 'ASIA1', secretAccessKey: 's', sessionToken: 'session' });
  imds = await startMetadata({ region: 'eu-west-1', account: '123456789012', instance: () => instance, credentials });
  s3 = createServer((request, response) => {
    asked.push(request);
    const found = objects.get(request.url ?? '');
    response.writeHead(found === undefined ? 403 : 200).end(found);
  });
  await new Promise<void>((resolve) => s3.listen(4566, address, resolve));
  metadata = createMetadata(`http://${address}:${metadataPort}`);
  aws = createAws(metadata, 'eu-west-1', `http://${address}:4566`);
});
afterAll(async () => {
  for (const server of [s3, imds]) {
    await new Promise((resolve) => server.close(resolve).closeAllConnections());
  }
});
beforeEach(() => {
  objects = new Map();
  asked = [];
  folder = mkdtempSync(join(tmpdir(), 'releases-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** An archive as the etcd project lays it out, of a small script. */
function publish(sha256?: string): void {
  const work = mkdtempSync(join(tmpdir(), 'archive-'));
  const name = `etcd-v${version}-linux-${arch}`;
  mkdirSync(join(work, name));
  for (const program of ['etcd', 'etcdutl'])
    writeFileSync(join(work, name, program), `#!/bin/sh\necho ${program}\n`, { mode: 0o755 });
  execFileSync('tar', ['-czf', join(work, 'archive'), '-C', work, name]);
  const archive = readFileSync(join(work, 'archive'));
  rmSync(work, { recursive: true });
  objects.set(`/releases/${key}`, archive);
  objects.set(
    `/releases/${key}.sha256`,
    Buffer.from(`${sha256 ?? createHash('sha256').update(archive).digest('hex')}\n`),
  );
}

const releases = () => createReleases(folder, 'releases', aws, () => {});

describe('instance metadata', () => {
  test('says who this is and where it belongs', async () => {
    expect(await metadata.identity()).toEqual({
      instanceId: 'i-1',
      address,
      zone: 'eu-west-1a',
      region: 'eu-west-1',
      cluster: 'etcd',
      table: 'records',
      bucket: 'releases',
      signerArn: 'arn:aws:lambda:eu-west-1:123456789012:function:signer',
      homeRegion: 'eu-west-1',
    });
  });

  test('that lacks a tag is an error that names it', async () => {
    const { 'etcd-appliance:bucket': bucket, ...rest } = tags;
    delete tags['etcd-appliance:bucket'];
    await expect(createMetadata(`http://${address}:${metadataPort}`).identity()).rejects.toThrow(
      'instance metadata has no tags/instance/etcd-appliance:bucket: 404',
    );
    Object.assign(tags, rest, { 'etcd-appliance:bucket': bucket });
  });
});

describe('a release', () => {
  test('is fetched with the role of the instance, checked and put in place', async () => {
    publish();
    const path = await releases().install(version);
    expect(path).toBe(join(folder, version, 'etcd'));
    expect(execFileSync(path, { encoding: 'utf8' })).toBe('etcd\n');
    expect(asked[0]?.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=ASIA1\/\d{8}\/eu-west-1\/s3\/aws4_request/,
    );
    expect(asked[0]?.headers['x-amz-security-token']).toBe('session');
    objects.clear();
    expect(await releases().install(version)).toBe(path);
    expect(releases().installed(version)).toBe(path);
  });

  test('brings the tools that its archive has, and no others', async () => {
    publish();
    expect(releases().tool(version, 'etcdutl')).toBeNull();
    await releases().install(version);
    const etcdutl = releases().tool(version, 'etcdutl');
    expect(etcdutl).toBe(join(folder, version, 'etcdutl'));
    expect(execFileSync(etcdutl ?? '', { encoding: 'utf8' })).toBe('etcdutl\n');
    expect(releases().tool(version, 'etcdctl')).toBeNull();
    expect(releases().tool('3.5.998', 'etcdutl')).toBeNull();
  });

  test('without a SHA-256 in the bucket is as good as none', async () => {
    publish();
    objects.delete(`/releases/${key}.sha256`);
    await expect(releases().install(version)).rejects.toMatchObject({
      name: 'ReleaseUnavailable',
      message: expect.stringContaining(`s3://releases/${key}: not there`),
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each([
    ['a wrong SHA-256', () => publish('0'.repeat(64)), 'expected 0000'],
    ['no archive', () => {}, 'not there'],
    ['bytes that are no archive', () => publishBytes(), 'tar'],
  ])('with %s is refused, and nothing is left', async (_what, prepare, message) => {
    prepare();
    const install = releases()
      .install(version)
      .catch((error: Error) => error);
    const error = await install;
    expect(error).toMatchObject({ name: 'ReleaseUnavailable', message: expect.stringContaining(message) });
    expect(readdirSync(folder)).toEqual([]);
    expect(releases().installed(version)).toBeNull();
  });
});

function publishBytes(): void {
  const bytes = Buffer.from('not an archive');
  objects.set(`/releases/${key}`, bytes);
  objects.set(`/releases/${key}.sha256`, Buffer.from(createHash('sha256').update(bytes).digest('hex')));
}
