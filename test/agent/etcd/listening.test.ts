import { describe, expect, test } from '@jest/globals';
import { etcdArguments, serving } from '#etcd/arguments.ts';
import { listeningAt } from '#etcd/listening.ts';

const files = {
  server: { certificate: '/s.crt', key: '/s.key' },
  peer: { certificate: '/p.crt', key: '/p.key' },
  trusted: '/ca.crt',
};
const argumentsOf = (version: string, transport: 'plain' | 'both' | 'tls') =>
  etcdArguments({
    name: 'i-1',
    version,
    dataDir: '/data',
    address: '10.42.0.5',
    members: [{ name: 'i-1', peerUrl: 'http://10.42.0.5:2380' }],
    clusterToken: 't',
    clusterState: 'new',
    ...serving(transport, files),
  });

describe('etcd behind another address', () => {
  test('listens there on every port that it serves', () => {
    const args = listeningAt(argumentsOf('2.3.8', 'both'), '127.148.0.10');
    expect(args).toContain('--listen-client-urls=http://127.148.0.10:2379,https://127.148.0.10:2381');
    expect(args).toContain('--listen-peer-urls=http://127.148.0.10:2380');
  });

  test.each(['plain', 'both', 'tls'] as const)('advertises its own address as before (%s)', (transport) => {
    const before = argumentsOf('3.5.35', transport);
    const after = listeningAt(before, '127.148.0.10');
    const others = (args: readonly string[]) => args.filter((argument) => !argument.startsWith('--listen-'));
    expect(others(after)).toEqual(others(before));
    expect(after.filter((argument) => argument.startsWith('--listen-')).join()).not.toContain('10.42.0.5');
  });

  test('is where it was without one', () => {
    const before = argumentsOf('3.5.35', 'tls');
    expect(listeningAt(before, null)).toEqual(before);
  });
});
