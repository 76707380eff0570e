/** The DNS server asked by Node's own resolver and with packets of its own. */
import { createSocket } from 'node:dgram';
import { promises } from 'node:dns';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResourceRecordSet, RRType } from '@aws-sdk/client-route-53';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  AUTHORITATIVE_ANSWER,
  type DecodedPacket,
  decode,
  encode,
  type Packet,
  streamDecode,
  streamEncode,
} from 'dns-packet';
import { type DnsServer, startDns } from '../../../../infra/local/dns/index.ts';
import { openHome } from '../../../../infra/local/home.ts';
import { connects, otherAddresses, ownAddress } from '../../../loopback.ts';

jest.setTimeout(60_000);

const set = (Name: string, Type: RRType, ...values: string[]): ResourceRecordSet => ({
  Name,
  Type,
  TTL: 30,
  ResourceRecords: values.map((Value) => ({ Value })),
});
const soa = (name: string) => set(name, 'SOA', 'ns.example.org. admin.example.org. 7 7200 900 1209600 86400');
const many = Array.from({ length: 60 }, (_, index) => `10.2.0.${index}`);
const zones = [
  {
    name: 'z.internal.',
    vpcs: [],
    recordSets: [
      soa('z.internal.'),
      set('z.internal.', 'NS', 'ns.example.org.'),
      set('_etcd-client._tcp.one.z.internal.', 'SRV', '0 1 2379 a.one.z.internal.', '0 1 2379 b.one.z.internal.'),
      ...(['eu-central-1', 'eu-west-1'] as const).map((Region, index) => ({
        ...set('_etcd._tcp.one.z.internal.', 'SRV', `${index * 10} 1 2379 a.one.z.internal.`),
        SetIdentifier: Region,
        Region,
      })),
      set('a.one.z.internal.', 'A', '10.0.0.1'),
      set('b.one.z.internal.', 'A', '10.0.0.2'),
      set('text.z.internal.', 'TXT', '"one" "two \\"quoted\\" \\101"', '"three"'),
      set('alias.z.internal.', 'CNAME', 'hop.z.internal.'),
      set('hop.z.internal.', 'CNAME', 'a.one.z.internal.'),
      set('out.z.internal.', 'CNAME', 'www.example.org.'),
      set('circle.z.internal.', 'CNAME', 'circle.z.internal.'),
      set('six.z.internal.', 'AAAA', 'fd00::1'),
      set('mail.z.internal.', 'MX', '10 a.one.z.internal.'),
      set('many.z.internal.', 'A', ...many),
      set(
        '_many._tcp.z.internal.',
        'SRV',
        ...many.slice(0, 6).map((_, index) => `0 1 1 long-name-of-a-host-${index}.z.internal.`),
      ),
      ...many.slice(0, 6).map((address, index) => set(`long-name-of-a-host-${index}.z.internal.`, 'A', address)),
    ],
  },
  {
    name: 'sub.z.internal.',
    vpcs: [],
    recordSets: [soa('sub.z.internal.'), set('a.sub.z.internal.', 'A', '10.1.0.1')],
  },
  { name: 'twin.internal.', vpcs: [], recordSets: [soa('twin.internal.'), set('a.twin.internal.', 'A', '10.3.0.1')] },
  { name: 'twin.internal.', vpcs: [{}], recordSets: [soa('twin.internal.'), set('a.twin.internal.', 'A', '10.3.0.2')] },
];

const region = 'eu-west-1';
let server: DnsServer;
const resolver = new promises.Resolver({ timeout: 5_000, tries: 1 });
beforeAll(async () => {
  server = await startDns({ addresses: [ownAddress(2)], ports: [0], zones: () => zones, region, log: () => undefined });
  resolver.setServers([`${server.address}:${server.port}`]);
});
afterAll(() => server.close());

const query = (name: string, type: string, more: Partial<Packet> = {}): Buffer =>
  encode({ type: 'query', id: 77, flags: 0, questions: [{ name, type: type as 'A' }], ...more });
/** dns-packet's types leave out what it decodes. */
type Answered = DecodedPacket & { readonly rcode: string };
async function sent(message: Buffer): Promise<Answered> {
  const socket = createSocket('udp4');
  socket.send(message, server.port, server.address);
  const [answer] = (await once(socket, 'message')) as [Buffer];
  socket.close();
  expect(answer.length).toBeLessThanOrEqual(1_232);
  return decode(answer) as Answered;
}
const ask = (name: string, type: string, more: Partial<Packet> = {}) => sent(query(name, type, more));
const codeOf = (asked: Promise<unknown>) =>
  asked.then(
    () => 'found',
    (error: NodeJS.ErrnoException) => error.code,
  );

describe("Node's resolver", () => {
  test('finds addresses, services, texts, aliases and the zone itself', async () => {
    expect(await resolver.resolve4('a.one.z.internal', { ttl: true })).toEqual([{ address: '10.0.0.1', ttl: 30 }]);
    expect(await resolver.resolveSrv('_etcd-client._tcp.one.z.internal')).toMatchObject([
      { name: 'a.one.z.internal', port: 2379, priority: 0, weight: 1 },
      { name: 'b.one.z.internal', port: 2379, priority: 0, weight: 1 },
    ]);
    expect(await resolver.resolveTxt('text.z.internal')).toEqual([['one', 'two "quoted" A'], ['three']]);
    expect(await resolver.resolve4('alias.z.internal')).toEqual(['10.0.0.1']);
    expect(await resolver.resolve6('six.z.internal')).toEqual(['fd00::1']);
    expect(await resolver.resolveMx('mail.z.internal')).toMatchObject([{ priority: 10, exchange: 'a.one.z.internal' }]);
    expect(await resolver.resolveNs('z.internal')).toEqual(['ns.example.org']);
    expect(await resolver.resolveSoa('z.internal')).toMatchObject({
      nsname: 'ns.example.org',
      serial: 7,
      minttl: 86_400,
    });
  });

  test('tells a name that is not there from one without such a record', async () => {
    expect(await codeOf(resolver.resolve4('none.z.internal'))).toBe('ENOTFOUND');
    expect(await codeOf(resolver.resolveSrv('a.one.z.internal'))).toBe('ENODATA');
    // Between a zone and its names: there, without records.
    expect(await codeOf(resolver.resolve4('_tcp.one.z.internal'))).toBe('ENODATA');
    expect(await codeOf(resolver.resolve4('example.org'))).toBe('EREFUSED');
    expect(await codeOf(resolver.resolve4('not-z.internal'))).toBe('EREFUSED');
  });

  test('does not mind capitals, and asks again over TCP for what is long', async () => {
    expect(await resolver.resolve4('A.One.Z.INTERNAL')).toEqual(['10.0.0.1']);
    expect(await resolver.resolve4('many.z.internal')).toHaveLength(60);
  });

  test('is answered from the nearest zone, and from the private one of two', async () => {
    expect(await resolver.resolve4('a.sub.z.internal')).toEqual(['10.1.0.1']);
    expect(await resolver.resolve4('a.twin.internal')).toEqual(['10.3.0.2']);
  });
});

test.each([
  ['eu-west-1', 10],
  ['eu-central-1', 0],
  // Neither is its own: the first.
  ['us-east-1', 0],
])('a resolver in %s answers the set of latency routing that is for its region', async (of, priority) => {
  const options = { addresses: [ownAddress(5)], ports: [0], zones: () => zones, region: of, log: () => undefined };
  const there = await startDns(options);
  const own = new promises.Resolver({ timeout: 5_000, tries: 1 });
  own.setServers([`${there.address}:${there.port}`]);
  const name = 'a.one.z.internal';
  expect(await own.resolveSrv('_etcd._tcp.one.z.internal')).toMatchObject([{ name, port: 2379, priority, weight: 1 }]);
  expect(await own.resolve4('a.one.z.internal')).toEqual(['10.0.0.1']);
  await there.close();
});

describe('an answer', () => {
  test('has authority, the name as it was asked, and the addresses of services', async () => {
    const { flags = 0, answers, additionals } = await ask('_ETCD-client._tcp.one.z.internal', 'SRV', { flags: 256 });
    expect(flags & AUTHORITATIVE_ANSWER).toBeTruthy();
    // Recursion was desired, and is not available.
    expect([flags & 256, flags & 128]).toEqual([256, 0]);
    expect(new Set(answers?.map(({ name }) => name))).toEqual(new Set(['_ETCD-client._tcp.one.z.internal']));
    expect(additionals).toMatchObject([
      { name: 'a.one.z.internal', type: 'A', data: '10.0.0.1' },
      { name: 'b.one.z.internal', type: 'A', data: '10.0.0.2' },
    ]);
  });

  test('about nothing says how long that may be kept', async () => {
    for (const [name, rcode] of [
      ['none.z.internal', 'NXDOMAIN'],
      ['a.one.z.internal', 'NOERROR'],
    ] as const) {
      const packet = await ask(name, 'SRV');
      expect([packet.rcode, packet.answers]).toEqual([rcode, []]);
      expect(packet.authorities).toMatchObject([{ name: 'z.internal', type: 'SOA', ttl: 30 }]);
    }
  });

  test('has all records of a name where ANY is asked, and aliases as far as the zone goes', async () => {
    expect((await ask('z.internal', 'ANY')).answers?.map(({ type }) => type).sort()).toEqual(['NS', 'SOA']);
    expect((await ask('out.z.internal', 'A')).answers).toMatchObject([{ type: 'CNAME', data: 'www.example.org' }]);
    expect((await ask('circle.z.internal', 'A')).answers).toHaveLength(8);
    expect((await ask('alias.z.internal', 'CNAME')).answers).toMatchObject([{ data: 'hop.z.internal' }]);
  });

  test('that does not fit leaves out additional records first, then says so', async () => {
    const edns = { additionals: [{ type: 'OPT', name: '.', udpPayloadSize: 4_096, flags: 0, options: [] } as never] };
    const plain = await ask('_many._tcp.z.internal', 'SRV');
    expect([plain.flag_tc, plain.answers?.length, plain.additionals]).toEqual([false, 6, []]);
    const roomy = await ask('_many._tcp.z.internal', 'SRV', edns);
    expect(roomy.additionals?.filter(({ type }) => type === 'A')).toHaveLength(6);
    expect(roomy.additionals?.filter(({ type }) => type === 'OPT')).toHaveLength(1);
    const long = await ask('many.z.internal', 'A', edns);
    expect([long.flag_tc, long.answers]).toEqual([true, []]);
  });

  test('over TCP is whole, also to several queries in pieces', async () => {
    const connection = connect(server.port, server.address);
    const bytes = Buffer.concat(
      ['many.z.internal', 'a.one.z.internal'].map((name) =>
        streamEncode({ type: 'query', id: 5, questions: [{ name, type: 'A' }] }),
      ),
    );
    connection.write(bytes.subarray(0, 7));
    await new Promise((resolve) => setImmediate(resolve));
    connection.write(bytes.subarray(7));
    let held: Buffer = Buffer.alloc(0);
    const found: (number | undefined)[] = [];
    for await (const piece of connection) {
      held = Buffer.concat([held, piece as Buffer]);
      while (held.length > 2 && held.length >= 2 + held.readUInt16BE(0)) {
        found.push(streamDecode(held.subarray(0, 2 + held.readUInt16BE(0))).answers?.length);
        held = held.subarray(2 + held.readUInt16BE(0));
      }
      if (found.length === 2) break;
    }
    expect(found).toEqual([60, 1]);
  });

  test('refuses what it does not do, and survives what is no query', async () => {
    expect((await ask('a.one.z.internal', 'A', { flags: 5 << 11 })).rcode).toBe('NOTIMP');
    expect((await ask('a.one.z.internal', 'A', { questions: [] })).rcode).toBe('FORMERR');
    const garbage = Buffer.concat([query('a.one.z.internal', 'A').subarray(0, 20)]);
    expect((await sent(garbage)).rcode).toBe('FORMERR');
    const chaos = { questions: [{ name: 'a.one.z.internal', type: 'TXT', class: 'CH' } as const] };
    expect((await ask('', 'A', chaos)).rcode).toBe('REFUSED');
    const socket = createSocket('udp4');
    socket.send(Buffer.from('short'), server.port, server.address);
    // An answer is not answered: two servers would talk to each other for ever.
    socket.send(encode({ type: 'response', id: 1, questions: [] }), server.port, server.address);
    expect((await ask('a.one.z.internal', 'A')).answers).toHaveLength(1);
    socket.close();
  });
});

describe('where it listens', () => {
  test('is the first port and address that it may have', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, ownAddress(3), resolve));
    const { port } = taken.address() as { port: number };
    const lines: string[] = [];
    const other = await startDns({
      addresses: ['192.0.2.1', ownAddress(3)],
      ports: [port, 0],
      zones: () => [],
      region,
      log: (line) => lines.push(line),
    });
    expect(other.address).toBe(ownAddress(3));
    expect(other.port).not.toBe(port);
    expect(lines.join()).toMatch(/not on 192\.0\.2\.1.*EADDRINUSE/);
    await other.close();
    await expect(
      startDns({ addresses: ['192.0.2.1'], ports: [0], zones: () => [], region, log: () => undefined }),
    ).rejects.toThrow('may listen nowhere');
    taken.close();
  });

  test('is no address of another interface', async () => {
    for (const address of ['0.0.0.0', '::', ...otherAddresses()]) {
      const options = { addresses: [address], ports: [0], zones: () => [], region, log: () => undefined };
      await expect(startDns(options)).rejects.toThrow('the DNS server listens on a loopback address');
    }
    for (const address of otherAddresses())
      expect([address, await connects(address, server.port)]).toEqual([address, false]);
  });

  test('is an address of the home, for the zones of its Route 53', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'etcd-appliance-names-'));
    const home = await openHome({ folder });
    const { dns, route53 } = home.services;
    expect([dns.address, dns.port > 0]).toEqual([`${home.context.network}.2`, true]);
    const zone = route53.zones.create({ name: 'home.internal', callerReference: 'home', vpcs: [] });
    route53.zones.replace({ ...zone, recordSets: [...zone.recordSets, set('a.home.internal.', 'A', '10.0.0.9')] });
    const own = new promises.Resolver();
    own.setServers([`${dns.address}:${dns.port}`]);
    expect(await own.resolve4('a.home.internal')).toEqual(['10.0.0.9']);
    expect(await own.resolveNs('home.internal')).toHaveLength(4);
    const other = await home.region('eu-central-1');
    expect(other.services.dns.address).toBe(`${other.context.network}.2`);
    own.setServers([`${other.services.dns.address}:${other.services.dns.port}`]);
    expect(await own.resolve4('a.home.internal')).toEqual(['10.0.0.9']);
    await home.close();
    rmSync(folder, { recursive: true, force: true });
  });
});
