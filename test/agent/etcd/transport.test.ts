/** How members serve on their way from HTTP to TLS. */
import { describe, expect, test } from '@jest/globals';
import { etcdArguments, type MemberSpec, serving, startedAs, startOf, transportOf } from '#etcd/arguments.ts';
import type { TransportRecord } from '#etcd/record.ts';
import {
  clusterTransport,
  newcomerTransport,
  nextTransport,
  readAtStart,
  securePort,
  transports,
  urlsOf,
} from '#etcd/transport.ts';
import { sameStart } from '#etcd/upgradeStep.ts';
import { minors } from '#etcd/versions.ts';

const pair = (name: string) => ({ certificate: `/tls/${name}.crt`, key: `/tls/${name}.key` });
const files = { server: pair('server'), peer: pair('peer'), trusted: '/tls/trusted.crt' };
const spec = (version: string): MemberSpec => ({
  name: 'i-1',
  version,
  dataDir: '/data',
  address: '10.0.0.1',
  members: [],
  clusterToken: 'token',
  clusterState: 'existing',
});

describe('the way', () => {
  test('leads over members that serve both, in either direction', () => {
    const way = transports.flatMap((from) => transports.map((to) => `${from} ${to}: ${nextTransport(from, to)}`));
    expect(way).toEqual([
      'plain plain: null',
      'plain both: both',
      'plain tls: both',
      'both plain: plain',
      'both both: null',
      'both tls: tls',
      'tls plain: both',
      'tls both: both',
      'tls tls: null',
    ]);
  });
});

describe('a member', () => {
  test.each(minors)('of %s listens as it serves, and the peer URL changes with TLS alone', (minor) => {
    const version = `${minor}.5`;
    const beside = minor.startsWith('2.') ? ['https://10.0.0.1:2381'] : [];
    const [plain, secure] = ['http://10.0.0.1:2379', 'https://10.0.0.1:2379'];
    expect(urlsOf(version, '10.0.0.1', 'plain')).toEqual({
      listenClients: [plain],
      advertiseClients: [plain],
      peer: 'http://10.0.0.1:2380',
    });
    expect(urlsOf(version, '10.0.0.1', 'both')).toEqual({
      listenClients: [plain, beside[0] ?? secure],
      advertiseClients: [plain],
      peer: 'http://10.0.0.1:2380',
    });
    expect(urlsOf(version, '10.0.0.1', 'tls')).toEqual({
      listenClients: [secure, ...beside],
      advertiseClients: [secure],
      peer: 'https://10.0.0.1:2380',
    });
    expect(securePort(version, 'both')).toBe(beside.length > 0 ? 2381 : 2379);
    expect(securePort(version, 'tls')).toBe(2379);
  });

  test.each(transports)('that is started to serve %s is told so, whatever it served before', (to) => {
    for (const from of transports) {
      const before = { ...spec('3.5.35'), ...serving(from, files) };
      expect(transportOf(before)).toBe(from);
      const after = startedAs(before, { ...startOf(before), transport: to }, files);
      expect(transportOf(after)).toBe(to);
      expect(after).toEqual({ ...spec('3.5.35'), ...serving(to, files), tuning: {}, v2Api: false });
      // Peers are dialled by TLS where their URL says so, also by one that serves both.
      const asks = etcdArguments(after).filter((argument) => /-cert-file|client-cert-auth|trusted-ca/.test(argument));
      expect(asks.length > 0).toBe(to !== 'plain');
    }
  });

  test('keeps what it serves where nothing is said of it', () => {
    const before = { ...spec('3.5.35'), ...serving('both', files) };
    const after = startedAs(before, { version: '3.6.16', snapshotCount: 0, v2Api: false });
    expect([after.version, transportOf(after)]).toEqual(['3.6.16', 'both']);
  });

  test('is not started with TLS where nobody has files', () => {
    expect(() => startedAs(spec('3.5.35'), { ...startOf(spec('3.5.35')), transport: 'tls' })).toThrow('no certificate');
  });
});

describe('a start', () => {
  const start = { version: '3.5.35', snapshotCount: 0, v2Api: false };
  test('is another one where its transport or what it reads is, and only then where both are known', () => {
    expect(sameStart(start, { ...start, transport: 'tls', read: 'a' })).toBe(true);
    expect(sameStart({ ...start, transport: 'tls' }, { ...start, transport: 'both' })).toBe(false);
    expect(sameStart({ ...start, read: 'a' }, { ...start, read: 'b' })).toBe(false);
    expect(sameStart({ ...start, transport: 'tls', read: 'a' }, { ...start, transport: 'tls', read: 'a' })).toBe(true);
  });

  test('reads authorities once, and its own certificates once up to 3.1', () => {
    const on = { trusted: ['aa', 'bb'], issuer: 'aa', serials: ['1', '2', '3'] };
    for (const minor of minors) {
      const once = minor.startsWith('2.') || ['3.0', '3.1'].includes(minor);
      const renewed = { ...on, serials: ['4', '5', '6'] };
      expect([minor, readAtStart(`${minor}.5`, on) === readAtStart(`${minor}.5`, renewed)]).toEqual([minor, !once]);
      expect(readAtStart(`${minor}.5`, on)).not.toBe(readAtStart(`${minor}.5`, { ...on, trusted: ['bb'] }));
    }
  });
});

describe('a cluster', () => {
  const record = (changes: Partial<TransportRecord>) => ({ settled: 'plain', ...changes }) as TransportRecord;
  const born = (url: string) => ({ members: [{ peerUrl: url }] }) as never;

  test('serves as it was born until it was migrated', () => {
    expect(clusterTransport(null, null)).toEqual({ settled: 'plain', moving: false });
    expect(clusterTransport(born('http://10.0.0.1:2380'), null)).toEqual({ settled: 'plain', moving: false });
    expect(clusterTransport(born('https://10.0.0.1:2380'), null)).toEqual({ settled: 'tls', moving: false });
    expect(clusterTransport(born('https://10.0.0.1:2380'), record({}))).toEqual({ settled: 'plain', moving: false });
  });

  test('takes newcomers that speak both while it moves, and after that was abandoned', () => {
    for (const settled of transports) {
      expect(newcomerTransport({ settled, moving: false })).toBe(settled);
      expect(newcomerTransport(clusterTransport(null, record({ settled, moving: 'tls', endedAt: 'then' })))).toBe(
        'both',
      );
    }
  });
});
