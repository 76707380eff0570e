import { request, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Instance } from '../../../../infra/local/ec2/instance.ts';
import { metadataPort, startMetadata } from '../../../../infra/local/ec2/metadata.ts';
import { connects, otherAddresses } from '../../../loopback.ts';

const still: Instance = {
  instanceId: 'i-0123456789abcdef0',
  state: 'running',
  address: `127.${10 + (process.pid % 200)}.${process.pid % 250}.77`,
  zone: 'eu-west-1b',
  subnetId: 'subnet-1',
  vpcId: 'vpc-1',
  imageId: 'ami-1',
  instanceType: 'm6i.large',
  securityGroupIds: [],
  roleName: 'member',
  instanceProfileArn: 'arn:aws:iam::123456789012:instance-profile/member',
  userData: Buffer.from('#!/bin/bash').toString('base64'),
  tags: { 'etcd-appliance:cluster': 'etcd' },
  launchedAt: '2026-01-01T00:00:00.000Z',
  booted: true,
};

let instance = still;
let server: Server;
const base = `http://${instance.address}:${metadataPort}/latest`;

beforeAll(async () => {
  const credentials = () => ({ accessKeyId: 'ASIA1', secretAccessKey: 's', sessionToken: 't' });
  server = await startMetadata({ region: 'eu-west-1', account: '123456789012', instance: () => instance, credentials });
});

afterAll(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));

async function token(): Promise<string> {
  const answer = await fetch(`${base}/api/token`, {
    method: 'PUT',
    headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' },
  });
  return answer.text();
}

async function get(path: string, given: string): Promise<[number, string]> {
  const answer = await fetch(`${base}/${path}`, { headers: { 'x-aws-ec2-metadata-token': given } });
  return [answer.status, await answer.text()];
}

describe('instance metadata', () => {
  test('listens on a loopback address alone', async () => {
    const elsewhere = { region: 'eu-west-1', account: '123456789012', credentials: () => ({}) as never };
    for (const address of ['0.0.0.0', ...otherAddresses()]) {
      const started = startMetadata({ ...elsewhere, instance: () => ({ ...still, address }) });
      await expect(started).rejects.toThrow('instance metadata listens on a loopback address');
      expect([address, await connects(address, metadataPort)]).toEqual([address, false]);
    }
  });

  test('is not there by another name, nor through a proxy', async () => {
    const ask = (method: string, headers: Record<string, string>) =>
      new Promise<number | undefined>((resolve, reject) => {
        const options = { host: instance.address, port: metadataPort, path: '/latest/api/token', method, headers };
        const sent = request(options, (answer) => resolve(answer.resume().statusCode)).on('error', reject);
        sent.end();
      });
    const wanted = { 'x-aws-ec2-metadata-token-ttl-seconds': '60' };
    expect(await ask('PUT', { ...wanted, host: `evil.example:${metadataPort}` })).toBe(403);
    expect(await ask('PUT', { ...wanted, 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await ask('PUT', { ...wanted, 'x-forwarded-for': '10.0.0.1' })).toBe(403);
    expect(await ask('PUT', wanted)).toBe(200);
  });

  test('outlives a path that cannot be decoded', async () => {
    expect((await get('meta-data/%E0%A4%A', await token()))[0]).toBe(404);
  });

  test('answers only with a token', async () => {
    expect((await fetch(`${base}/meta-data/instance-id`)).status).toBe(401);
    expect((await get('meta-data/instance-id', 'made up'))[0]).toBe(401);
    expect((await fetch(`${base}/api/token`, { method: 'PUT' })).status).toBe(400);
  });

  test.each([
    ['meta-data/instance-id', instance.instanceId],
    ['meta-data/local-ipv4', instance.address],
    ['meta-data/placement/availability-zone', 'eu-west-1b'],
    ['meta-data/placement/region', 'eu-west-1'],
    ['meta-data/tags/instance/etcd-appliance:cluster', 'etcd'],
    ['meta-data/tags/instance/', 'etcd-appliance:cluster'],
    ['meta-data/iam/security-credentials/', 'member'],
    ['meta-data/services/partition', 'aws'],
    ['user-data', '#!/bin/bash'],
  ])('%s is %s', async (path, value) => {
    expect(await get(path, await token())).toEqual([200, value]);
  });

  test('gives the credentials of the role, and nothing it does not know', async () => {
    const given = await token();
    const [, body] = await get('meta-data/iam/security-credentials/member', given);
    expect(JSON.parse(body)).toMatchObject({ Code: 'Success', AccessKeyId: 'ASIA1', Token: 't' });
    expect((await get('meta-data/spot/instance-action', given))[0]).toBe(404);
    expect((await get('meta-data/tags/instance/none', given))[0]).toBe(404);
  });

  test.each(['InService', 'Standby', 'Terminated'] as const)(
    'says that Auto Scaling brings it to %s',
    async (state) => {
      const path = 'meta-data/autoscaling/target-lifecycle-state';
      const given = await token();
      instance = still;
      expect((await get(path, given))[0]).toBe(404);
      instance = { ...still, targetLifecycleState: state };
      expect(await get(path, given)).toEqual([200, state]);
    },
  );

  test('announces the end of a spot instance', async () => {
    const notice = { action: 'terminate', time: '2026-01-01T00:02:00Z' } as const;
    instance = { ...still, spotAction: notice };
    const [status, body] = await get('meta-data/spot/instance-action', await token());
    expect([status, JSON.parse(body)]).toEqual([200, notice]);
  });
});
