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

  test('carries tuning only where it is set', () => {
    const tuning = { heartbeatIntervalMs: 200, electionTimeoutMs: 2000, snapshotCount: 10_000 };
    expect(etcdArguments(spec('2.3.8', { tuning }))).toEqual(
      expect.arrayContaining(['--heartbeat-interval=200', '--election-timeout=2000', '--snapshot-count=10000']),
    );
    expect(etcdArguments(spec('2.3.8')).join()).not.toContain('interval');
  });
});
