/** The duty against the local Route 53, over a wire on which answers can be broken. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createDns, type Dns, lookAgainMs, type ReconcileFacts } from '../../../agent/duties/dns.ts';
import { createAws } from '../../../agent/machine/aws.ts';
import { createHostedZone } from '../../../agent/machine/hostedZone.ts';
import type { Metadata } from '../../../agent/machine/metadata.ts';
import { type Home, openHome } from '../../../infra/local/home.ts';
import { changedRecordSets } from '../../../infra/local/route53/changes.ts';
import { ownAddress } from '../../loopback.ts';

jest.setTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), 'etcd-appliance-dns-'));
const endpoint = `http://${ownAddress(1)}:4577`;
let home: Home;
let wire: Server;
/** What the wire answers instead of the home; null: the home's own answer. */
let broken: (method: string, body: string) => { status: number; body: string } | null = () => null;
/** Whether the wire refuses a batch, which never gets to the home. */
let refuses: (batch: string) => boolean = () => false;
let calls: string[] = [];

beforeAll(async () => {
  home = await openHome({ folder });
  wire = createServer(async (incoming, outgoing) => {
    const sent = (await incoming.setEncoding('utf8').toArray()).join('');
    if (refuses(sent)) {
      calls.push(`${incoming.method} ${incoming.url}`);
      outgoing.writeHead(400).end(refusal);
      return;
    }
    const headers = { ...incoming.headers, host: new URL(home.endpoint).host };
    const send = httpRequest(`${home.endpoint}${incoming.url}`, { method: incoming.method, headers });
    send.end(sent);
    send.once('response', async (response) => {
      const body = (await response.setEncoding('utf8').toArray()).join('');
      calls.push(`${incoming.method} ${incoming.url}`);
      const other = broken(incoming.method ?? '', body);
      outgoing.writeHead(other?.status ?? response.statusCode ?? 500).end(other?.body ?? body);
    });
  });
  await new Promise<void>((resolve) => wire.listen(4577, ownAddress(1), resolve));
});
afterAll(async () => {
  wire.close();
  wire.closeAllConnections();
  await home.close();
  rmSync(folder, { recursive: true, force: true });
});

let zoneId: string;
let zones = 0;
let now: number;
let dns: Dns;
let audited: { before?: unknown; after?: unknown }[];
let logged: string[];
const aws = () => {
  const credentials = async () => ({ sessionToken: '', ...home.credentials });
  return createAws({ credentials } as Metadata, 'eu-west-1', endpoint);
};
beforeEach(() => {
  broken = () => null;
  refuses = () => false;
  calls = [];
  zones += 1;
  zoneId = home.services.route53.zones.create({ name: 'etcd.internal', callerReference: `zone ${zones}`, vpcs: [] }).id;
  now = 0;
  audited = [];
  logged = [];
  dns = createDns({
    aws: aws(),
    cluster: 'etcd',
    log: (event) => logged.push(event),
    audit: async (entry) => void audited.push(entry),
    nowMs: () => now,
  });
});

const facts = (...healthy: boolean[]): ReconcileFacts => ({
  zoneId,
  zoneName: 'etcd.internal',
  ttlSeconds: 10,
  transport: 'plain',
  securePort: 2379,
  members: healthy.map((well, index) => ({
    name: `i-0000000${index}`,
    address: `10.0.0.${index}`,
    healthy: well,
    learner: false,
    region: null,
  })),
  regions: ['eu-west-1'],
});
const held = () => {
  const { recordSets } = home.services.route53.zones.get(zoneId);
  return Object.fromEntries(
    recordSets
      .filter(({ Name }) => Name !== 'etcd.internal.')
      .map(({ Name = '', Type, ResourceRecords = [] }) => [
        `${Name.replace('.etcd.etcd.internal.', '')} ${Type}`,
        ResourceRecords.map(({ Value }) => Value),
      ]),
  );
};
/** Somebody else's hand. */
const byHand = (
  Action: 'UPSERT' | 'DELETE' | 'CREATE',
  name: string,
  Type: 'A' | 'TXT' | 'SRV',
  TTL: number,
  ...values: string[]
) => {
  const { zones: all } = home.services.route53;
  const ResourceRecordSet = { Name: name, Type, TTL, ResourceRecords: values.map((Value) => ({ Value })) };
  const zone = all.get(zoneId);
  all.replace({ ...zone, recordSets: changedRecordSets(zone, [{ Action, ResourceRecordSet }]) });
};
const refusal = '<InvalidChangeBatch><Messages><Message>no</Message></Messages></InvalidChangeBatch>';
const error = (code: string, status = 400) => ({
  status,
  body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>Rate exceeded</Message></Error></ErrorResponse>`,
});

describe('the records', () => {
  test('are made in one batch, audited, and then left alone', async () => {
    expect(await dns.reconcile(facts(true, true, false))).toMatchObject({ verdict: 'changed', actual: [] });
    expect(held()).toEqual({
      '_etcd-appliance TXT': ['"etcd-appliance cluster=etcd"'],
      '_etcd-server._tcp SRV': [0, 1, 2].map((index) => `0 1 2380 i-0000000${index}.etcd.etcd.internal.`),
      '_etcd-client._tcp SRV': [0, 1].map((index) => `0 1 2379 i-0000000${index}.etcd.etcd.internal.`),
      '_etcd._tcp SRV': [0, 1].map((index) => `0 1 2379 i-0000000${index}.etcd.etcd.internal.`),
      'i-00000000 A': ['10.0.0.0'],
      'i-00000001 A': ['10.0.0.1'],
      'i-00000002 A': ['10.0.0.2'],
    });
    expect(calls.filter((call) => call.startsWith('POST'))).toHaveLength(1);
    expect(audited).toMatchObject([{ before: {}, after: { 'i-00000000.etcd.etcd.internal. A': ['10.0.0.0'] } }]);
    expect(await dns.reconcile(facts(true, true, false))).toMatchObject({ verdict: 'inSync', reason: '' });
    expect(audited).toHaveLength(1);
  });

  test('follow the members at once, and are looked at seldom while they stay the same', async () => {
    await dns.reconcile(facts(true, true, true));
    await dns.reconcile(facts(true, true, true));
    calls = [];
    await dns.reconcile(facts(true, true, true));
    expect(calls).toEqual([]);
    expect((await dns.reconcile(facts(true, false, true))).verdict).toBe('changed');
    expect(held()['_etcd-client._tcp SRV']).toHaveLength(2);
    expect(held()['_etcd-server._tcp SRV']).toHaveLength(3);
  });

  test('are repaired after somebody changed, added and removed some', async () => {
    await dns.reconcile(facts(true, true));
    const right = held();
    await dns.reconcile(facts(true, true));
    byHand('UPSERT', '_etcd-client._tcp.etcd.etcd.internal.', 'SRV', 3_600, '0 0 2379 elsewhere.');
    byHand('DELETE', 'i-00000001.etcd.etcd.internal.', 'A', 10, '10.0.0.1');
    byHand('CREATE', 'i-00000009.etcd.etcd.internal.', 'A', 10, '10.9.9.9');
    byHand('CREATE', 'www.etcd.etcd.internal.', 'A', 10, '10.8.8.8');
    now += lookAgainMs;
    expect((await dns.reconcile(facts(true, true))).verdict).toBe('changed');
    expect(held()).toEqual({ ...right, 'www A': ['10.8.8.8'] });
  });

  test('of two regions are two sets for each service of clients, told apart by region', async () => {
    const regions = ['eu-west-1', 'eu-central-1'];
    const apart = (...healthy: boolean[]): ReconcileFacts => {
      const { members, ...rest } = facts(...healthy);
      return { ...rest, regions, members: members.map((one, index) => ({ ...one, region: regions[index] ?? null })) };
    };
    const clients = () =>
      Object.fromEntries(
        home.services.route53.zones
          .get(zoneId)
          .recordSets.filter(({ Name }) => Name?.startsWith('_etcd-client.'))
          .map(({ SetIdentifier, Region, ResourceRecords = [] }) => [
            `${SetIdentifier} ${Region}`,
            ResourceRecords.map(({ Value }) => Value?.slice(0, 22)),
          ]),
      );
    await dns.reconcile(facts(true, true));
    audited = [];
    expect((await dns.reconcile(apart(true, true))).verdict).toBe('changed');
    expect(clients()).toEqual({
      'eu-central-1 eu-central-1': ['0 1 2379 i-00000001.et', '10 1 2379 i-00000000.e'],
      'eu-west-1 eu-west-1': ['0 1 2379 i-00000000.et', '10 1 2379 i-00000001.e'],
    });
    const service = '_etcd-client._tcp.etcd.etcd.internal. SRV';
    expect(audited[0]?.before).toHaveProperty([service]);
    for (const region of regions) expect(audited[0]?.after).toHaveProperty([`${service} ${region}`]);
    expect((await dns.reconcile(apart(true, true))).verdict).toBe('inSync');
    await dns.reconcile(apart(true, false));
    expect(clients()).toEqual({
      'eu-central-1 eu-central-1': ['10 1 2379 i-00000000.e'],
      'eu-west-1 eu-west-1': ['0 1 2379 i-00000000.et'],
    });
    expect((await dns.reconcile(facts(true, true))).verdict).toBe('changed');
    expect(Object.keys(clients())).toEqual(['undefined undefined']);
  });

  test('of two clusters in a zone do not meet', async () => {
    await dns.reconcile(facts(true));
    const other = createDns({ aws: aws(), cluster: 'etcd-two', log: () => undefined, audit: async () => undefined });
    expect((await other.reconcile(facts(true))).verdict).toBe('changed');
    now += lookAgainMs;
    expect((await dns.reconcile(facts(true))).verdict).toBe('inSync');
    expect(Object.keys(held())).toHaveLength(10);
  });

  test("wait while a name is somebody else's", async () => {
    byHand('CREATE', '_etcd-client._tcp.etcd.etcd.internal.', 'SRV', 60, '0 0 2379 elsewhere.');
    const state = await dns.reconcile(facts(true));
    expect(state).toMatchObject({ verdict: 'notOurs', reason: expect.stringContaining('belongs to somebody else') });
    expect(Object.keys(held())).toEqual(['_etcd-client._tcp SRV']);
    byHand('DELETE', '_etcd-client._tcp.etcd.etcd.internal.', 'SRV', 60, '0 0 2379 elsewhere.');
    now += lookAgainMs;
    expect((await dns.reconcile(facts(true))).verdict).toBe('changed');
    expect(logged).toContain('dns notOurs');
  });
});

describe('where Route 53 refuses several values in a set with latency routing', () => {
  const apart = (...healthy: boolean[]): ReconcileFacts => ({
    ...facts(...healthy),
    regions: ['eu-west-1', 'eu-central-1'],
  });
  const batches = () => calls.filter((call) => call.startsWith('POST')).length;
  beforeEach(() => {
    refuses = (batch) => batch.includes('<Region>');
  });

  const alike = 'both regions are answered alike';
  const clients = ['_etcd-client._tcp SRV', '_etcd._tcp SRV'];
  const everywhere = [0, 1].map((index) => `0 1 2379 i-0000000${index}.etcd.etcd.internal.`);
  const simple = () => Object.fromEntries(clients.map((label) => [label, held()[label]]));

  test('both regions are answered alike, which is told, and after a while it is tried again', async () => {
    expect((await dns.reconcile(apart(true, true))).verdict).toBe('changed');
    expect(simple()).toEqual({ [clients[0] ?? '']: everywhere, [clients[1] ?? '']: everywhere });
    expect(logged).toEqual(['dns changed', 'dns by region refused', 'dns changed']);
    expect(batches()).toBe(3);
    const state = { verdict: 'inSync', reason: expect.stringContaining(alike) };
    expect(await dns.reconcile(apart(true, true))).toMatchObject(state);
    now += 60_000;
    expect(await dns.reconcile(apart(true, true))).toMatchObject(state);
    expect(batches()).toBe(3);
    now += 600_000;
    expect(await dns.reconcile(apart(true, true))).toMatchObject(state);
    expect(batches()).toBe(4);
    refuses = () => false;
    now += 600_001;
    expect((await dns.reconcile(apart(true, true))).verdict).toBe('changed');
    expect(await dns.reconcile(apart(true, true))).toMatchObject({ verdict: 'inSync', reason: '' });
    expect(batches()).toBe(5);
  });

  test('a cluster that was in one region keeps the records that it had, and they follow the members', async () => {
    await dns.reconcile(facts(true, true));
    const before = held();
    expect(await dns.reconcile(apart(true, true))).toMatchObject({ verdict: 'inSync' });
    expect(held()).toEqual(before);
    await dns.reconcile(apart(true, false));
    expect(simple()).toEqual({
      [clients[0] ?? '']: everywhere.slice(0, 1),
      [clients[1] ?? '']: everywhere.slice(0, 1),
    });
  });

  test('what another agent has had taken meanwhile is left as it is', async () => {
    await dns.reconcile(apart(true, true));
    refuses = () => false;
    const other = createDns({ aws: aws(), cluster: 'etcd', log: () => undefined, audit: async () => undefined });
    await other.reconcile(apart(true, true));
    now += 60_000;
    expect(await dns.reconcile(apart(true, true))).toMatchObject({ verdict: 'inSync', reason: '' });
  });

  test('names of an operator that are answered by region prove nothing, and are left alone', async () => {
    const { zones: all } = home.services.route53;
    const zone = all.get(zoneId);
    const values = ['10.8.8.8', '10.9.9.9'];
    const ResourceRecordSet = {
      ...{
        Name: 'www.etcd.etcd.internal.',
        Type: 'A' as const,
        TTL: 60,
        SetIdentifier: 'here',
        Region: 'eu-west-1' as const,
      },
      ResourceRecords: values.map((Value) => ({ Value })),
    };
    all.replace({ ...zone, recordSets: changedRecordSets(zone, [{ Action: 'CREATE', ResourceRecordSet }]) });
    expect((await dns.reconcile(apart(true, true))).verdict).toBe('changed');
    expect(batches()).toBe(3);
    expect(held()).toMatchObject({ 'www A': values });
  });

  test('what is refused of the simple records too is told, once in a round', async () => {
    refuses = (batch) => batch.includes('SRV');
    expect((await dns.reconcile(apart(true, true))).verdict).toBe('unknown');
    expect(batches()).toBeLessThanOrEqual(2);
  });

  test('a batch that is only put off is nobody to blame', async () => {
    refuses = () => false;
    broken = (method) => (method === 'POST' && calls.length === 3 ? error('Throttling') : null);
    expect(await dns.reconcile(apart(true, true))).toMatchObject({
      verdict: 'unknown',
      reason: expect.stringContaining('fewer requests'),
    });
  });
});

describe('nothing is changed', () => {
  test.each(['Throttling', 'PriorRequestNotComplete'])(
    'while Route 53 says %s, and less and less is asked',
    async (code) => {
      broken = (method) => (method === 'GET' ? error(code) : null);
      expect(await dns.reconcile(facts(true))).toMatchObject({
        verdict: 'unknown',
        reason: expect.stringContaining(`fewer requests (${code}: Rate exceeded)`),
      });
      await dns.reconcile(facts(true, true));
      expect(calls).toHaveLength(1);
      const asked: number[] = [];
      for (now = 0; now < 120_000; now += 1_000) {
        calls = [];
        await dns.reconcile(facts(true));
        if (calls.length > 0) asked.push(now);
      }
      const pauses = asked.slice(1).map((at, index) => at - (asked[index] ?? 0));
      expect(asked.length).toBeLessThan(7);
      expect(Math.max(...pauses)).toBeGreaterThan(16_000);
      broken = () => null;
      now += 600_000;
      expect((await dns.reconcile(facts(true))).verdict).toBe('changed');
    },
  );

  test('where the batch is refused, and the next round reads again', async () => {
    broken = (method) => (method === 'POST' ? { status: 400, body: refusal } : null);
    const state = await dns.reconcile(facts(true));
    expect(state).toMatchObject({ verdict: 'unknown', reason: expect.stringContaining('InvalidChangeBatch: no') });
    expect(audited).toEqual([]);
  });

  test('where another was faster at a free name', async () => {
    let raced = false;
    broken = (method) => {
      if (method === 'GET' && !raced) byHand('CREATE', 'i-00000000.etcd.etcd.internal.', 'A', 60, '10.7.7.7');
      raced = true;
      return null;
    };
    expect(await dns.reconcile(facts(true))).toMatchObject({
      verdict: 'unknown',
      reason: expect.stringContaining('already exists'),
    });
    expect(held()).toEqual({ 'i-00000000 A': ['10.7.7.7'] });
    now += 60_000;
    expect((await dns.reconcile(facts(true))).verdict).toBe('notOurs');
  });

  test.each([
    ['half a page', (body: string) => body.slice(0, body.length / 2), /Unclosed|Unexpected end/],
    [
      'no word on further pages',
      (body: string) => body.replace(/<IsTruncated>.*?<\/IsTruncated>/, ''),
      /whether there are more/,
    ],
    ['a record set without a name', (body: string) => body.replace(/<Name>.*?<\/Name>/, ''), /without name or type/],
    ['nothing', () => '', /whether there are more/],
  ])('after %s', async (_, damage, reason) => {
    await dns.reconcile(facts(true, true));
    const right = held();
    broken = (method, body) => (method === 'GET' ? { status: 200, body: damage(body) } : null);
    expect(await dns.reconcile(facts(true))).toMatchObject({
      verdict: 'unknown',
      reason: expect.stringMatching(reason),
    });
    expect(held()).toEqual(right);
  });

  test('where the zone is not there, or says no', async () => {
    expect(await dns.reconcile({ ...facts(true), zoneId: 'Z0' })).toMatchObject({
      verdict: 'unknown',
      reason: expect.stringContaining('NoSuchHostedZone'),
    });
    broken = () => error('AccessDenied', 403);
    now += 60_000;
    expect(await dns.reconcile(facts(true))).toMatchObject({ reason: expect.stringContaining('AccessDenied') });
  });

  test('but is, and said, where the audit trail cannot be written', async () => {
    const deaf = createDns({
      aws: aws(),
      cluster: 'etcd',
      log: (event) => logged.push(event),
      audit: () => Promise.reject(new Error('no table')),
    });
    expect((await deaf.reconcile(facts(true))).verdict).toBe('changed');
    expect(logged).toContain('dns change not in the audit trail');
  });
});

describe('a listing', () => {
  const address = (label: string) => byHand('CREATE', label, 'A', 60, '10.0.0.1');

  test('has all pages of the domain and none of the rest of the zone', async () => {
    for (let index = 0; index < 650; index++) address(`a${index}.etcd.etcd.internal`);
    for (const label of ['zzz.etcd.internal', 'etcd-two.etcd.internal', 'aaa.etcd.internal']) address(label);
    const found = await createHostedZone(aws()).recordSets(zoneId, 'etcd.etcd.internal.');
    expect(new Set(found.map(({ name }) => name)).size).toBe(650);
    expect(found[0]).toEqual({
      name: 'a0.etcd.etcd.internal.',
      type: 'A',
      ttlSeconds: 60,
      values: ['10.0.0.1'],
      routing: 'simple',
    });
    expect(calls).toHaveLength(3);
  });

  test('goes on within the sets of one name where a page ends there', async () => {
    const batch = ['eu-west-1', 'eu-central-1'].map((region) => ({
      action: 'CREATE' as const,
      recordSet: {
        name: '_etcd._tcp.etcd.etcd.internal.',
        type: 'SRV',
        ttlSeconds: 5,
        values: ['0 1 2379 <a>.etcd.internal.'],
        routing: { setIdentifier: region, region },
      },
    }));
    // The service's second set is the 301st.
    for (let index = 0; index < 299; index++) address(`-${index}.etcd.etcd.internal`);
    const hosted = createHostedZone(aws());
    await hosted.change(zoneId, batch, 'two sets');
    const found = await hosted.recordSets(zoneId, 'etcd.etcd.internal.');
    expect(found.slice(299)).toEqual([batch[1]?.recordSet, batch[0]?.recordSet]);
    expect(calls.at(-1)).toContain('identifier=eu-west-1');
  });

  test('fails where a later page fails', async () => {
    for (let index = 0; index < 301; index++) address(`a${index}.etcd.etcd.internal`);
    broken = () => (calls.length === 2 ? error('InternalError', 500) : null);
    await expect(createHostedZone(aws()).recordSets(zoneId, 'etcd.etcd.internal.')).rejects.toThrow('InternalError');
  });

  test('tells aliases and routing policies from plain record sets and from latency routing', async () => {
    const sets = [
      '<Name>i-1.etcd.etcd.internal.</Name><Type>A</Type><AliasTarget><DNSName>x.</DNSName></AliasTarget>',
      '<Name>i-2.etcd.etcd.internal.</Name><Type>A</Type><SetIdentifier>a</SetIdentifier><Weight>1</Weight><TTL>5</TTL><ResourceRecords><ResourceRecord><Value>10.0.0.1</Value></ResourceRecord></ResourceRecords>',
      '<Name>i-3.etcd.etcd.internal.</Name><Type>A</Type><SetIdentifier>a</SetIdentifier><Region>eu-west-1</Region><TTL>5</TTL><ResourceRecords><ResourceRecord><Value>10.0.0.1</Value></ResourceRecord></ResourceRecords>',
      '<Name>i-4.etcd.etcd.internal.</Name><Type>A</Type><SetIdentifier>a</SetIdentifier><Region>eu-west-1</Region><TTL>5</TTL><ResourceRecords><ResourceRecord><Value>10.0.0.1</Value></ResourceRecord></ResourceRecords><HealthCheckId>b</HealthCheckId>',
    ];
    const inside = sets.map((set) => `<ResourceRecordSet>${set}</ResourceRecordSet>`).join('');
    broken = () => ({
      status: 200,
      body: `<R><ResourceRecordSets>${inside}</ResourceRecordSets><IsTruncated>false</IsTruncated></R>`,
    });
    const found = await createHostedZone(aws()).recordSets(zoneId, 'etcd.etcd.internal.');
    expect(found.map(({ routing, ttlSeconds }) => [routing, ttlSeconds])).toEqual([
      ['other', null],
      ['other', 5],
      [{ setIdentifier: 'a', region: 'eu-west-1' }, 5],
      ['other', 5],
    ]);
  });
});
