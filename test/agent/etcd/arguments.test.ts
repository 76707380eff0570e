import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { clientUrl, initialCluster, peerUrl } from '#etcd/addresses.ts';
import { etcdArguments, type MemberSpec } from '#etcd/arguments.ts';
import { factsOf } from '#etcd/minors.ts';
import { minors } from '#etcd/versions.ts';

const spec = (version: string, more: Partial<MemberSpec> = {}): MemberSpec => ({
  name: 'i-1',
  version,
  dataDir: '/var/lib/etcd/data',
  address: '10.0.0.1',
  members: [
    { name: 'i-2', peerUrl: peerUrl('10.0.0.2') },
    { name: 'i-1', peerUrl: peerUrl('10.0.0.1') },
  ],
  clusterToken: 'token',
  clusterState: 'new',
  ...more,
});

describe('addresses', () => {
  test('are on the ports registered for etcd', () => {
    expect([clientUrl('10.0.0.1'), peerUrl('10.0.0.1')]).toEqual(['http://10.0.0.1:2379', 'http://10.0.0.1:2380']);
    expect([clientUrl('10.0.0.1', true), peerUrl('10.0.0.1', true)]).toEqual([
      'https://10.0.0.1:2379',
      'https://10.0.0.1:2380',
    ]);
  });

  test('of the initial cluster are the same text whatever order the members come in', () => {
    const member = fc.record({ name: fc.stringMatching(/^i-[0-9a-f]{8}$/), peerUrl: fc.ipV4().map(peerUrl) });
    fc.assert(
      fc.property(fc.uniqueArray(member, { selector: ({ name }) => name, maxLength: 7 }), fc.nat(), (members, turn) => {
        const at = members.length === 0 ? 0 : turn % members.length;
        expect(initialCluster([...members.slice(at), ...members.slice(0, at)])).toBe(initialCluster(members));
      }),
    );
  });
});

describe('the command line', () => {
  test.each(minors)('of %s has the flags of that minor and no others', (minor) => {
    const version = factsOf(`${minor}.0`).latestPatch;
    const flags = etcdArguments(spec(version)).map((flag) => flag.split('=')[0]);
    expect(new Set(flags).size).toBe(flags.length);
    expect(flags.includes('--strict-reconfig-check')).toBe(!['2.0', '2.1', '2.2'].includes(minor));
    expect(flags.includes('--logger')).toBe(['3.4', '3.5', '3.6', '3.7'].includes(minor));
    expect(flags).not.toContain('--enable-v2');
  });

  test('says who, where and with whom', () => {
    expect(etcdArguments(spec('3.5.35')).slice(0, 9)).toEqual([
      '--name=i-1',
      '--data-dir=/var/lib/etcd/data',
      '--listen-peer-urls=http://10.0.0.1:2380',
      '--listen-client-urls=http://10.0.0.1:2379',
      '--initial-advertise-peer-urls=http://10.0.0.1:2380',
      '--advertise-client-urls=http://10.0.0.1:2379',
      '--initial-cluster=i-1=http://10.0.0.1:2380,i-2=http://10.0.0.2:2380',
      '--initial-cluster-token=token',
      '--initial-cluster-state=new',
    ]);
  });

  const tls = {
    server: { certificate: '/c/server.pem', key: '/c/server-key.pem' },
    peer: { certificate: '/c/peer.pem', key: '/c/peer-key.pem' },
    trusted: '/c/ca.pem',
  };

  test.each(minors)('of %s with TLS asks clients and peers for certificates, at https addresses', (minor) => {
    const version = factsOf(`${minor}.0`).latestPatch;
    const plain = etcdArguments(spec(version));
    const given = etcdArguments(spec(version, { tls }));
    const flags = given.map((flag) => flag.split('=')[0]);
    expect(new Set(flags).size).toBe(flags.length);
    for (const name of ['listen-peer', 'listen-client', 'initial-advertise-peer', 'advertise-client'])
      expect(given.find((flag) => flag.startsWith(`--${name}-urls=`))).toContain('=https://10.0.0.1:');
    const common = [
      '--cert-file=/c/server.pem',
      '--key-file=/c/server-key.pem',
      '--peer-cert-file=/c/peer.pem',
      '--peer-key-file=/c/peer-key.pem',
    ];
    const authorities =
      minor === '2.0'
        ? ['--ca-file=/c/ca.pem', '--peer-ca-file=/c/ca.pem']
        : [
            '--trusted-ca-file=/c/ca.pem',
            '--client-cert-auth=true',
            '--peer-trusted-ca-file=/c/ca.pem',
            '--peer-client-cert-auth=true',
          ];
    const named = ['2.0', '2.1', '2.2', '2.3', '3.0', '3.1', '3.2'].includes(minor)
      ? []
      : ['--peer-cert-allowed-cn=etcd-appliance-peer'];
    expect(given.filter((flag) => /cert|key|ca-file/.test(flag))).toEqual([...common, ...authorities, ...named]);
    expect(plain.filter((flag) => /cert|key-file|ca-file|https/.test(flag))).toEqual([]);
  });

  test('carries tuning only where it is set', () => {
    const tuning = { snapshotCount: 10_000 };
    expect(etcdArguments(spec('2.3.8', { tuning }))).toEqual(expect.arrayContaining(['--snapshot-count=10000']));
    expect(etcdArguments(spec('2.3.8')).join()).not.toContain('snapshot');
  });
});
