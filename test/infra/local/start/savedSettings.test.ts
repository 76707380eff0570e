import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { describeEndpoints, writeEndpoints } from '../../../../infra/local/start/endpoints.ts';
import { parseStartOptions } from '../../../../infra/local/start/options.ts';
import { freePort } from '../../../../infra/local/start/port.ts';
import { chooseCluster, saveCluster } from '../../../../infra/local/start/savedSettings.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'start-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
/** As a start does once it is certain that there can be such a cluster. */
const choose = (...args: string[]) => {
  const chosen = chooseCluster(folder, parseStartOptions(args));
  saveCluster(folder, chosen);
  return chosen;
};

describe('the cluster of a data folder', () => {
  test('is what the first start asked for, and stays that', () => {
    expect(choose('--members', '5', '--etcd', '3.4.15')).toEqual({ members: 5, etcd: '3.4.15' });
    expect(choose()).toEqual({ members: 5, etcd: '3.4.15' });
    expect(choose('--members', '5')).toEqual({ members: 5, etcd: '3.4.15' });
  });

  test('is not fixed by a start that failed before there was one', () => {
    chooseCluster(folder, parseStartOptions(['--etcd', '3.5.999']));
    expect(choose('--etcd', '3.4.15')).toEqual({ members: 3, etcd: '3.4.15' });
  });

  test('that cannot be read is refused with a way out', () => {
    writeFileSync(join(folder, 'cluster.json'), '{"members":');
    expect(() => choose()).toThrow(expect.objectContaining({ name: 'InvalidInput' }));
    expect(() => choose()).toThrow('add --fresh to delete the cluster and start over');
  });

  test('has three members of etcd 3.5.35 where nothing was asked for', () => {
    expect(choose()).toEqual({ members: 3, etcd: '3.5.35' });
  });

  test.each([
    [['--members', '1'], '--members is 1, but the cluster in'],
    [['--etcd', '3.7.3'], '--etcd is 3.7.3, but the cluster in'],
  ])('is not changed by %j', (args, message) => {
    choose();
    expect(() => choose(...args)).toThrow(message);
    expect(() => choose(...args)).toThrow('add --fresh to delete it and start over');
    expect(choose()).toEqual({ members: 3, etcd: '3.5.35' });
  });
});

describe('what was started', () => {
  const endpoints = {
    page: 'http://127.0.0.1:8080/',
    awsEndpoint: 'http://127.1.2.1:4566',
    region: 'eu-west-1',
    credentials: { accessKeyId: 'ASIA1', secretAccessKey: 'secret' },
    stateMachineArn: 'arn:aws:states:eu-west-1:123456789012:stateMachine:ClusterBootstrap',
    members: [{ name: 'i-1', clientUrl: 'http://127.1.2.10:2379' }],
    outputs: { ClusterName: 'etcd' },
    dns: { address: '127.1.2.2', port: 53, domain: 'etcd.etcd.internal' },
  };

  test('is kept for other tools', () => {
    const file = writeEndpoints(folder, endpoints);
    expect(readdirSync(folder)).toEqual(['endpoints.json']);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(endpoints);
  });

  test('is told with lines for a shell', () => {
    const text = describeEndpoints(endpoints, '/d/endpoints.json');
    expect(text).toContain('page      http://127.0.0.1:8080/');
    expect(text).toContain('export ETCDCTL_ENDPOINTS=http://127.1.2.10:2379');
    expect(text).toContain('export AWS_ENDPOINT_URL=http://127.1.2.1:4566 AWS_REGION=eu-west-1');
    expect(text).toContain('dig @127.1.2.2 +short SRV _etcd-client._tcp.etcd.etcd.internal');
    const elsewhere = { ...endpoints, dns: { ...endpoints.dns, port: 5353 } };
    expect(describeEndpoints(elsewhere, '')).toContain('dig @127.1.2.2 -p 5353 +short SRV');
  });
});

test('a port that is taken makes way for a free one', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as import('node:net').AddressInfo;
  const free = await freePort(port);
  expect(free).not.toBe(port);
  await new Promise((resolve) => server.close(resolve));
  expect(await freePort(port)).toBe(port);
});
