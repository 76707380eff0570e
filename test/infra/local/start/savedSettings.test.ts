import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
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
    const chosen = { members: 5, etcd: '3.4.15', tls: false };
    expect(choose('--members', '5', '--etcd', '3.4.15', '--no-tls')).toEqual(chosen);
    expect(choose()).toEqual(chosen);
    expect(choose('--members', '5')).toEqual(chosen);
  });

  test('may have another key of its certificate authority at a later start, and keeps that', () => {
    const cluster = { members: 3, etcd: '3.5.35', tls: true };
    expect(choose('--tls')).toEqual(cluster);
    expect(choose('--authority-generation', '2')).toEqual({ ...cluster, authorityGeneration: 2 });
    expect(choose()).toEqual({ ...cluster, authorityGeneration: 2 });
  });

  test('is not fixed by a start that failed before there was one', () => {
    chooseCluster(folder, parseStartOptions(['--etcd', '3.5.999']));
    expect(choose('--etcd', '3.4.15')).toEqual({ members: 3, etcd: '3.4.15', tls: true });
  });

  test('that cannot be read is refused with a way out', () => {
    writeFileSync(join(folder, 'cluster.json'), '{"members":');
    expect(() => choose()).toThrow(expect.objectContaining({ name: 'InvalidInput' }));
    expect(() => choose()).toThrow('add --fresh to delete the cluster and start over');
  });

  test('has three members of etcd 3.5.35 and TLS where nothing was asked for', () => {
    expect(choose()).toEqual({ members: 3, etcd: '3.5.35', tls: true });
  });

  test('of a release that cannot be run with TLS has none, or is refused', () => {
    expect(() => choose('--etcd', '2.0.0')).toThrow(
      "--etcd is '2.0.0', which cannot be run with TLS; allowed: 2.0.5 and later, or 2.0.0 with --no-tls",
    );
    expect(readdirSync(folder)).toEqual([]);
    expect(choose('--etcd', '2.0.0', '--no-tls')).toEqual({ members: 3, etcd: '2.0.0', tls: false });
    expect(choose()).toEqual({ members: 3, etcd: '2.0.0', tls: false });
  });

  test('that does not say whether it has TLS was created when there was none', () => {
    writeFileSync(join(folder, 'cluster.json'), '{"members":3,"etcd":"3.5.35"}');
    expect(choose()).toEqual({ members: 3, etcd: '3.5.35', tls: false });
    expect(() => choose('--tls')).toThrow('was created without TLS: leave the option out and start MigrateToTls');
  });

  test.each([
    [['--no-tls'], `--no-tls, but the cluster in`],
    [['--members', '1'], '--members is 1, but the cluster in'],
    [['--etcd', '3.7.3'], '--etcd is 3.7.3, but the cluster in'],
  ])('is not changed by %j', (args, message) => {
    choose();
    expect(() => choose(...args)).toThrow(message);
    expect(() => choose(...args)).toThrow('add --fresh to delete it and start over');
    expect(choose()).toEqual({ members: 3, etcd: '3.5.35', tls: true });
  });
});

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

describe('what was started', () => {
  test('is kept for other tools', () => {
    const file = writeEndpoints(folder, endpoints);
    expect(readdirSync(folder)).toEqual(['endpoints.json']);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(endpoints);
  });

  test('is for its owner only, also where an older file was not', () => {
    const file = join(folder, 'endpoints.json');
    writeFileSync(file, '{}');
    chmodSync(file, 0o644);
    writeEndpoints(folder, endpoints);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('is told with lines for a shell', () => {
    const text = describeEndpoints(endpoints, '/d/endpoints.json');
    expect(text).toContain('page      http://127.0.0.1:8080/');
    expect(text).toContain('export ETCDCTL_ENDPOINTS=http://127.1.2.10:2379');
    expect(text).toContain('export AWS_ENDPOINT_URL=http://127.1.2.1:4566 AWS_REGION=eu-west-1');
    expect(text).toContain('dig @127.1.2.2 +short SRV _etcd-client._tcp.etcd.etcd.internal');
    expect(text).not.toContain('--cert');
    const elsewhere = { ...endpoints, dns: { ...endpoints.dns, port: 5353 } };
    expect(describeEndpoints(elsewhere, '')).toContain('dig @127.1.2.2 -p 5353 +short SRV');
  });
});

describe('what was started with TLS', () => {
  const members = ['10', '11'].map((host) => ({ name: `i-${host}`, clientUrl: `https://127.1.2.${host}:2379` }));
  const operator = { key: '/my data/operator.key', certificate: '/d/operator.crt', authorities: '/d/ca.crt' };

  test('is told with the operator’s certificate', () => {
    const text = describeEndpoints({ ...endpoints, members, operator }, '/d/endpoints.json');
    expect(text).toContain(
      '  etcdctl --endpoints=https://127.1.2.10:2379,https://127.1.2.11:2379 --cacert=/d/ca.crt --cert=/d/operator.crt ' +
        "--key='/my data/operator.key' endpoint status\n",
    );
    expect(text).toContain(
      "  curl --cacert /d/ca.crt --cert /d/operator.crt --key '/my data/operator.key' https://127.1.2.10:2379/version\n",
    );
    expect(text).toContain('+short SRV _etcd-client-ssl._tcp.etcd.etcd.internal');
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
