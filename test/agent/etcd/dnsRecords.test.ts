import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Batch } from '#etcd/dnsBatches.ts';
import { type DnsDecision, dnsDecision, removalChanges } from '#etcd/dnsChanges.ts';
import { canonicalName, isWithin, sortKey } from '#etcd/dnsNames.ts';
import {
  clusterDomain,
  type DnsFacts,
  type DnsMember,
  desiredRecords,
  dnsMembers,
  kindOf,
  ownerText,
  type RecordSet,
  titleOf,
  unusable,
} from '#etcd/dnsRecords.ts';
import { changedRecordSets } from '../../../infra/local/route53/changes.ts';
import { changesOf, fromSdk, zoneOf } from './dnsZone.ts';

const member = (number: number, more: Partial<DnsMember> = {}): DnsMember => ({
  name: `i-0000000${number}`,
  address: `10.0.0.${number}`,
  healthy: true,
  learner: false,
  region: null,
  ...more,
});
const facts = (members: readonly DnsMember[], more: Partial<DnsFacts> = {}): DnsFacts => ({
  cluster: 'etcd',
  zoneName: 'etcd.internal',
  ttlSeconds: 10,
  transport: 'plain',
  securePort: 2379,
  members,
  regions: ['eu-west-1'],
  ...more,
});
const domain = 'etcd.etcd.internal.';
const record = (label: string, type: string, ...values: string[]): RecordSet => ({
  name: `${label}.${domain}`,
  type,
  ttlSeconds: 10,
  values,
  routing: 'simple',
});
const [home, away] = ['eu-west-1', 'eu-central-1'] as const;
const twoRegions = { regions: [home, away] };
/** Those of a service, by the region that they are for. */
const near = (sets: readonly RecordSet[], label: string) =>
  Object.fromEntries(
    sets
      .filter(({ name }) => name === `${label}.${domain}`)
      .map(({ routing, values }) => [typeof routing === 'string' ? routing : routing.region, values]),
  );
const asTable = (sets: readonly RecordSet[]) =>
  Object.fromEntries(sets.map(({ name, type, values }) => [`${name.replace(`.${domain}`, '')} ${type}`, values]));
/** The zone after a batch, by Route 53's own rules. */
const changedByBatch = (zone: readonly RecordSet[], { changes }: Batch): readonly RecordSet[] =>
  fromSdk(changedRecordSets(zoneOf(zone), changesOf(changes)));
/** The zone after a decision. */
const changedBy = (zone: readonly RecordSet[], decision: DnsDecision) =>
  decision.verdict === 'change' ? decision.batches.reduce(changedByBatch, zone) : zone;
const marker = record('_etcd-appliance', 'TXT', ownerText('etcd'));

describe('the records of a cluster', () => {
  test('are services of the voters, an address per member, and the marker', () => {
    const members = [member(1), member(2, { healthy: false }), member(3, { learner: true }), member(4, { name: '' })];
    expect(asTable(desiredRecords(facts(members)))).toEqual({
      '_etcd-appliance TXT': ['"etcd-appliance cluster=etcd"'],
      '_etcd-server._tcp SRV': [`0 1 2380 i-00000001.${domain}`, `0 1 2380 i-00000002.${domain}`],
      '_etcd-client._tcp SRV': [`0 1 2379 i-00000001.${domain}`],
      '_etcd._tcp SRV': [`0 1 2379 i-00000001.${domain}`],
      'i-00000001 A': ['10.0.0.1'],
      'i-00000002 A': ['10.0.0.2'],
      'i-00000003 A': ['10.0.0.3'],
    });
  });

  test('have other names with TLS, and change over in one batch', () => {
    const plain = desiredRecords(facts([member(1)]));
    const decision = dnsDecision(facts([member(1)], { transport: 'tls' }), plain);
    const table = asTable(changedBy(plain, decision));
    expect(
      Object.keys(table)
        .filter((name) => name.endsWith('SRV'))
        .sort(),
    ).toEqual(['_etcd-client-ssl._tcp SRV', '_etcd-server-ssl._tcp SRV', '_etcd._tcp SRV']);
  });

  test('come from what the agent knows of the members', () => {
    const known = {
      id: 'a',
      name: 'i-00000001',
      isLearner: false,
      healthy: true,
      instance: 'live',
      zone: null,
      region: null,
    } as const;
    const made = (url: string) => dnsMembers([{ ...known, peerUrls: [url] }], new Set());
    expect(made('http://10.0.0.1:2380')).toEqual([member(1)]);
    expect(made('https://10.0.0.1:2380')).toEqual([member(1)]);
    const leaving = dnsMembers([{ ...known, peerUrls: ['http://10.0.0.1:2380'] }], new Set(['i-00000001']));
    expect(leaving).toEqual([member(1, { healthy: false, lastResort: true })]);
    const drained = dnsMembers([{ ...known, peerUrls: ['http://10.0.0.1:2380'] }], new Set(), new Set(['i-00000001']));
    expect(drained).toEqual([member(1, { healthy: false })]);
  });

  test.each([
    ['no member', [], {}, /no member is known/],
    ['a member that is named otherwise', [member(1, { name: 'www' })], {}, /'www' is not named by its instance/],
    ['no address', [member(1, { address: '' })], {}, /address '' of i-00000001 is not IPv4/],
    ['a number too high', [member(1, { address: '10.0.0.256' })], {}, /is not IPv4/],
    ['one name twice', [member(1), member(1, { address: '10.0.0.9' })], {}, /two members are named/],
    ['a TTL of no seconds', [member(1)], { ttlSeconds: 1.5 }, /whole number of seconds/],
    ['no zone', [member(1)], { zoneName: '' }, /no name of a hosted zone/],
    ['an odd cluster', [member(1)], { cluster: 'a.b' }, /no DNS label/],
  ] as const)('are not made of %s', (_, members, more, reason) => {
    expect(unusable(facts(members, more))).toMatch(reason);
    expect(dnsDecision(facts(members, more), [marker, record('i-00000009', 'A', '10.0.0.9')])).toMatchObject({
      verdict: 'unknown',
      reason: expect.stringMatching(reason),
    });
  });
});

describe('a change', () => {
  const settled = (members: readonly DnsMember[]) => desiredRecords(facts(members));
  const decide = (members: readonly DnsMember[], zone: readonly RecordSet[], more: Partial<DnsFacts> = {}) =>
    dnsDecision(facts(members, more), zone);
  const actions = (decision: DnsDecision) =>
    decision.verdict === 'change'
      ? decision.batches
          .flatMap(({ changes }) => changes)
          .map(({ action, recordSet }) => `${action} ${recordSet.name.replace(`.${domain}`, '')}`)
      : decision;

  test('is nothing where all is right, however it is written', () => {
    const three = settled([member(1), member(2)]).map((one) => ({
      ...one,
      values: one.values
        .map((value) => (one.type === 'SRV' ? value.toUpperCase().replace(/\.$/, '') : value))
        .reverse(),
    }));
    expect(decide([member(1), member(2)], three).verdict).toBe('inSync');
  });

  test('creates what is missing and replaces what differs', () => {
    const zone = settled([member(1), member(2)]).filter(({ name }) => !name.startsWith('i-00000002'));
    expect(actions(decide([member(1), member(2)], zone))).toEqual(['CREATE i-00000002']);
    expect(actions(decide([member(1), member(2, { healthy: false })], settled([member(1), member(2)])))).toEqual([
      'UPSERT _etcd-client._tcp',
      'UPSERT _etcd._tcp',
    ]);
    expect(actions(decide([member(1)], settled([member(1)]), { ttlSeconds: 60 }))).toHaveLength(5);
  });

  test('forgets a member that has left, with the very values that are there', () => {
    const stale = { ...record('i-0000000f', 'A', '10.0.0.99'), ttlSeconds: 77 };
    const decision = decide([member(1)], [...settled([member(1)]), stale]);
    expect(decision).toMatchObject({
      verdict: 'change',
      batches: [{ changes: [{ action: 'DELETE', recordSet: stale }] }],
    });
  });

  test('leaves the client records and what they point to while nobody is healthy', () => {
    const zone = settled([member(1), member(2)]);
    const decision = decide([member(2, { healthy: false })], zone);
    expect(actions(decision)).toEqual(['UPSERT _etcd-server._tcp']);
    expect(asTable(changedBy(zone, decision))).toMatchObject({
      '_etcd-client._tcp SRV': [`0 1 2379 i-00000001.${domain}`, `0 1 2379 i-00000002.${domain}`],
      'i-00000001 A': ['10.0.0.1'],
    });
    expect(asTable(changedBy([], decide([member(1, { healthy: false })], [])))).not.toHaveProperty(
      '_etcd-client._tcp SRV',
    );
  });

  test('names nobody any longer who has gone, where all that serve are on their way out', () => {
    const zone = settled([member(1), member(2), member(3)]);
    const going = { healthy: false, lastResort: true };
    const clientsOf = (members: readonly DnsMember[], before: readonly RecordSet[]) =>
      asTable(changedBy(before, decide(members, before)))['_etcd-client._tcp SRV'];
    const named = (...numbers: number[]) => numbers.map((number) => `0 1 2379 i-0000000${number}.${domain}`);
    // The first drains itself, though nobody stays; who is not named any more is not named again.
    const drained = changedBy(zone, decide([member(1, { healthy: false }), member(2, going), member(3, going)], zone));
    expect(asTable(drained)['_etcd-client._tcp SRV']).toEqual(named(2, 3));
    expect(clientsOf([member(1, going), member(2, going), member(3, going)], drained)).toEqual(named(2, 3));
    expect(clientsOf([member(3, going), member(4, { learner: true })], drained)).toEqual(named(3));
    expect(clientsOf([member(3, going), member(4)], drained)).toEqual(named(4));
    expect(clientsOf([member(4, { healthy: false })], drained)).toEqual(named(2, 3));
  });

  test.each([
    ['an address at a name of a member', record('i-00000001', 'A', '10.9.9.9')],
    ['a record of any type', record('_etcd-server._tcp', 'TXT', '"mine"')],
    ['an instance that is no member', record('i-0000000e', 'A', '10.9.9.9')],
    ["another cluster's marker", record('_etcd-appliance', 'TXT', ownerText('other'))],
  ])('is none without the marker over %s', (_, foreign) => {
    expect(decide([member(1)], [foreign])).toMatchObject({
      verdict: 'notOurs',
      reason: expect.stringContaining(foreign.name),
    });
  });

  test.each([
    ['a CNAME', record('i-00000001', 'CNAME', 'elsewhere.')],
    ['a weighted record', { ...record('_etcd-client._tcp', 'SRV', `0 1 2379 a.${domain}`), routing: 'other' as const }],
    ['an alias', { ...record('i-00000001', 'A'), ttlSeconds: null, routing: 'other' as const }],
  ])('is none where %s is in the way', (what, foreign) => {
    const decision = decide([member(1)], [marker, foreign]);
    expect(decision).toMatchObject({ verdict: 'notOurs', reason: expect.stringContaining(foreign.name) });
    expect(what).toBeTruthy();
  });

  test('restores the marker where only its values were added to', () => {
    const zone = settled([member(1)]).map((one) =>
      one.type === 'TXT' ? { ...one, values: [...one.values, '"x"'] } : one,
    );
    expect(actions(decide([member(1)], zone))).toEqual(['UPSERT _etcd-appliance']);
  });

  test('of more than a batch holds is made in several', () => {
    const label = (number: number) => `i-${number.toString(16).padStart(8, '0')}`;
    const stale = Array.from({ length: 2_500 }, (_, number) => record(label(number + 100), 'A', '10.1.1.1'));
    let zone: readonly RecordSet[] = [...settled([member(1)]), ...stale];
    let batches = 0;
    for (
      let decision = decide([member(1)], zone);
      decision.verdict === 'change';
      decision = decide([member(1)], zone)
    ) {
      zone = changedBy(zone, decision);
      batches += 1;
    }
    expect([batches, asTable(zone)]).toEqual([3, asTable(settled([member(1)]))]);
  });
});

describe('in two regions', () => {
  const three = [member(1, { region: home }), member(2, { region: home }), member(3, { region: away })];
  const decide = (members: readonly DnsMember[], zone: readonly RecordSet[], more: Partial<DnsFacts> = twoRegions) =>
    dnsDecision(facts(members, more), zone);
  const to = (priority: number, number: number, port = 2379) => `${priority} 1 ${port} i-0000000${number}.${domain}`;

  test("clients are told of all, their own region's members first; everything else is as in one", () => {
    const sets = desiredRecords(facts(three, twoRegions));
    for (const label of ['_etcd-client._tcp', '_etcd._tcp'])
      expect(near(sets, label)).toEqual({
        [home]: [to(0, 1), to(0, 2), to(10, 3)],
        [away]: [to(0, 3), to(10, 1), to(10, 2)],
      });
    const others = (all: readonly RecordSet[]) => all.filter(({ name }) => !/^_etcd(-client)?\._tcp/.test(name));
    expect(others(sets)).toEqual(others(desiredRecords(facts(three))));
    expect(sets.flatMap(({ routing }) => (typeof routing === 'string' ? [] : [routing]))).toEqual(
      [home, away, home, away].map((region) => ({ setIdentifier: region, region })),
    );
  });

  test('a region without a healthy member is told of the others, and a member of an unknown region comes last in both', () => {
    const lost = [
      member(1, { region: home }),
      member(2, { region: null }),
      member(3, { region: away, healthy: false }),
    ];
    expect(near(desiredRecords(facts(lost, twoRegions)), '_etcd-client._tcp')).toEqual({
      [home]: [to(0, 1), to(10, 2)],
      [away]: [to(10, 1), to(10, 2)],
    });
  });

  test('each set follows its members, both in one batch', () => {
    const zone = changedBy([], decide(three, []));
    expect(decide(three, zone).verdict).toBe('inSync');
    const down = three.map((one) => (one.name === 'i-00000003' ? { ...one, healthy: false } : one));
    const decision = decide(down, zone);
    expect(decision).toMatchObject({ verdict: 'change', batches: [{ changes: Array(4).fill({ action: 'UPSERT' }) }] });
    expect(near(changedBy(zone, decision), '_etcd-client._tcp')).toEqual({
      [home]: [to(0, 1), to(0, 2)],
      [away]: [to(10, 1), to(10, 2)],
    });
  });

  test('are what a cluster in one becomes, and becomes again, in one batch that leaves no name without an answer', () => {
    const simple = changedBy([], decide(three, [], {}));
    const actions = (decision: DnsDecision) =>
      decision.verdict === 'change'
        ? decision.batches
            .flatMap(({ changes }) => changes)
            .map(({ action, recordSet }) => `${action} ${titleOf(recordSet)}`)
        : [];
    const apart = decide(three, simple);
    const services = ['_etcd-client', '_etcd'].map((label) => `${label}._tcp.${domain} SRV`);
    expect(actions(apart)).toEqual(
      services.flatMap((title) => [`DELETE ${title}`, `CREATE ${title} ${home}`, `CREATE ${title} ${away}`]),
    );
    const routed = changedBy(simple, apart);
    const together = decide(three, routed, {});
    expect(actions(together)).toEqual(
      services.flatMap((title) => [`DELETE ${title} ${away}`, `DELETE ${title} ${home}`, `CREATE ${title}`]),
    );
    expect(changedBy(routed, together)).toEqual(simple);
  });

  test('stay while nobody serves, but for those that have gone already', () => {
    const zone = changedBy([], decide(three, []));
    expect(
      decide(
        three.map((one) => ({ ...one, healthy: false })),
        zone,
      ).verdict,
    ).toBe('inSync');
    const leaving = { healthy: false, lastResort: true };
    const last = three.map((one, index) => ({ ...one, ...(index === 0 ? { healthy: false } : leaving) }));
    expect(near(changedBy(zone, decide(last, zone)), '_etcd-client._tcp')).toEqual({
      [home]: [to(0, 2), to(10, 3)],
      [away]: [to(0, 3), to(10, 2)],
    });
    // Whatever the regions are by then.
    expect(near(changedBy(zone, decide(last, zone, {})), '_etcd-client._tcp')).toHaveProperty(away);
  });

  test.each([
    ['at a name of peers', '_etcd-server._tcp', away],
    ['with an identifier of its own', '_etcd-client._tcp', 'mine'],
  ])("a set with latency routing %s is somebody else's", (_, label, setIdentifier) => {
    const foreign = { ...record(label, 'SRV', to(0, 1)), routing: { setIdentifier, region: away } };
    expect(decide(three, [marker, foreign])).toMatchObject({
      verdict: 'notOurs',
      reason: expect.stringContaining(foreign.name),
    });
  });

  test('what Route 53 may refuse goes alone and last, until the zone proves that it is taken', () => {
    const batches = (decision: DnsDecision) =>
      decision.verdict === 'change'
        ? decision.batches.map(({ changes, doubtful }) => [
            doubtful,
            ...changes.map(({ action, recordSet }) => `${action} ${recordSet.name.replace(`.${domain}`, '')}`),
          ])
        : [];
    const services = (action: string, sets: number) =>
      ['_etcd-client._tcp', '_etcd._tcp'].flatMap((label) => Array<string>(sets).fill(`${action} ${label}`));
    const addresses = ['i-00000001', 'i-00000002', 'i-00000003'].map((label) => `CREATE ${label}`);
    expect(batches(decide(three, []))).toEqual([
      [false, 'CREATE _etcd-appliance', 'CREATE _etcd-server._tcp', ...addresses],
      [true, ...services('CREATE', 2)],
    ]);
    // One value in each set is what both of AWS's texts allow.
    expect(batches(decide(three.slice(0, 1), []))).toHaveLength(1);
    const proven = changedBy([], decide(three, []));
    expect(batches(decide(three.slice(1), proven))).toEqual([
      [false, 'UPSERT _etcd-server._tcp', ...services('UPSERT', 2), 'DELETE i-00000001'],
    ]);
  });

  test('the address of a member that has left goes with the services that name it', () => {
    const simple = changedBy([], decide(three, [], {}));
    const decision = decide(three.slice(1), [...simple, record('i-0000000f', 'A', '10.0.0.99')]);
    const gone = (batch: Batch) =>
      batch.changes.filter(({ action, recordSet }) => action === 'DELETE' && recordSet.type === 'A');
    expect(decision.verdict === 'change' && decision.batches.map((batch) => gone(batch).length)).toEqual([1, 1]);
    const [first, last] = decision.verdict === 'change' ? decision.batches : [];
    expect(first?.changes.at(-1)?.recordSet.name).toBe(`i-0000000f.${domain}`);
    expect(last?.changes.at(-1)?.recordSet.name).toBe(`i-00000001.${domain}`);
  });

  test('services that change their names do so in one batch, also where it may be refused', () => {
    const single = [member(1, { region: home })];
    const zone = changedBy([], decide(single, []));
    const decision = decide(three, zone, { ...twoRegions, transport: 'tls' });
    const [, last] = decision.verdict === 'change' ? decision.batches : [];
    expect(
      last?.changes.map(({ action, recordSet }) => `${action} ${recordSet.name.replace(`.${domain}`, '')}`),
    ).toEqual(
      expect.arrayContaining(['DELETE _etcd-client._tcp', 'CREATE _etcd-client-ssl._tcp', 'UPSERT _etcd._tcp']),
    );
  });

  test('a change that a batch does not hold whole is left for the next one', () => {
    const label = (number: number) => `i-${number.toString(16).padStart(8, '0')}`;
    const crowd = Array.from({ length: 140 }, (_, number) => ({
      ...member(1, { region: number % 2 === 0 ? home : away }),
      name: label(number + 1),
      address: `10.0.${number >> 8}.${number & 255}`,
    }));
    let zone = changedBy([], decide(crowd, [], {}));
    let batches = 0;
    const services = /^_etcd(-client)?\._tcp/;
    for (let decision = decide(crowd, zone); decision.verdict === 'change'; decision = decide(crowd, zone)) {
      zone = changedBy(zone, decision);
      batches += 1;
      const sets = zone.filter(({ name }) => services.test(name));
      for (const { name, routing } of sets)
        expect(sets.filter((one) => one.name === name)).toHaveLength(routing === 'simple' ? 1 : 2);
    }
    expect(batches).toBe(2);
  });
});

describe('whatever is in the zone', () => {
  const someMember = fc.record({
    number: fc.integer({ min: 1, max: 7 }),
    healthy: fc.boolean(),
    learner: fc.boolean(),
    started: fc.boolean(),
    region: fc.constantFrom(home, away, null),
  });
  const someMembers = fc
    .uniqueArray(someMember, { selector: ({ number }) => number, maxLength: 7 })
    .map((list) =>
      list.map(({ number, started, ...more }) => member(number, { ...more, ...(started ? {} : { name: '' }) })),
    );
  const someFacts = fc
    .record({
      members: someMembers,
      transport: fc.constantFrom('plain' as const, 'both' as const, 'tls' as const),
      ttlSeconds: fc.constantFrom(10, 60),
      regions: fc.constantFrom<readonly string[]>([home], [home, away], [away, home], [home, 'eu-north-1']),
    })
    .map(({ members, ...more }) => facts(members, more));
  const labels = [
    '_etcd-server._tcp',
    '_etcd-client-ssl._tcp',
    '_etcd._tcp',
    'i-00000001',
    'i-0000000c',
    'www',
    'i-00000001.other',
  ];
  const someRecord = fc.oneof(
    fc.record({
      name: fc.constantFrom(...labels).map((label) => `${label}.${domain}`),
      type: fc.constant('A'),
      values: fc.constant(['10.7.7.7']),
    }),
    fc.record({
      name: fc.constantFrom(...labels).map((label) => `${label}.${domain}`),
      type: fc.constant('TXT'),
      values: fc.constant(['"hello"']),
    }),
    fc.record({
      name: fc
        .constantFrom('_etcd-client._tcp', '_etcd-server-ssl._tcp', '_other._tcp')
        .map((label) => `${label}.${domain}`),
      type: fc.constant('SRV'),
      values: fc
        .uniqueArray(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 })
        .map((numbers) => numbers.map((number) => `0 1 2379 i-0000000${number}.${domain}`)),
    }),
    fc.record({
      name: fc.constantFrom('_etcd-client._tcp.two.etcd.internal.', 'i-00000001.two.etcd.internal.', 'etcd.internal.'),
      type: fc.constant('A'),
      values: fc.constant(['10.8.8.8']),
    }),
  );
  /** A service for clients as a cluster in two regions leaves it, or a third one. */
  const apart = (one: RecordSet): readonly RecordSet[] =>
    one.name.startsWith('_etcd-client') && one.type === 'SRV'
      ? [home, 'eu-south-1'].map((region) => ({ ...one, routing: { setIdentifier: region, region } }))
      : [one];
  const someZone = fc
    .tuple(
      fc.uniqueArray(
        someRecord.map((one): RecordSet => ({ ...one, ttlSeconds: 30, routing: 'simple' })),
        {
          selector: ({ name, type }) => `${name} ${type}`,
          maxLength: 8,
        },
      ),
      fc.boolean(),
      fc.constantFrom('ours', 'none', 'other'),
    )
    .map(([some, routed, owner]): RecordSet[] => {
      const records = routed ? some.flatMap(apart) : some;
      return owner === 'none'
        ? records
        : [...records, { ...marker, values: [ownerText(owner === 'ours' ? 'etcd' : 'other')] }];
    });
  const isOurs = (zone: readonly RecordSet[]) =>
    zone.some(({ name, values }) => name === marker.name && values.includes(ownerText('etcd')));

  test('batches that Route 53 takes make it right, and then there is nothing to do', () => {
    fc.assert(
      fc.property(someFacts, someZone, (given, zone) => {
        const decision = dnsDecision(given, zone);
        const changed = changedBy(zone, decision);
        const again = dnsDecision(given, changed);
        if (decision.verdict === 'change') expect(again.verdict).toBe('inSync');
        else expect(changed).toBe(zone);
        for (const { values } of changed) expect(values.length).toBeGreaterThan(0);
      }),
    );
  });

  test("nobody else's record is touched, and nothing at all without our marker unless all names are free", () => {
    fc.assert(
      fc.property(someFacts, someZone, (given, zone) => {
        const decision = dnsDecision(given, zone);
        const ours = isOurs(zone);
        const kinds = { marker: 'TXT', server: 'SRV', client: 'SRV', member: 'A' } as const;
        const isMine = ({ name, type }: RecordSet) => {
          const kind = kindOf(name, domain);
          return kind !== null && kinds[kind] === type;
        };
        const others = (sets: readonly RecordSet[]) =>
          sets
            .filter((one) => !isMine(one))
            .map((one) => `${one.name} ${one.type} ${one.values}`)
            .sort();
        expect(others(changedBy(zone, decision))).toEqual(others(zone));
        const taken = zone.some(({ name }) => kindOf(name, domain) !== null);
        if (decision.verdict === 'change') expect(ours || !taken).toBe(true);
        if (!ours && taken) expect(['notOurs', 'unknown']).toContain(decision.verdict);
      }),
    );
  });

  test('clients are sent to healthy voters only, and every service points to an address that is there', () => {
    fc.assert(
      fc.property(someFacts, someFacts, (before, now) => {
        const first = changedBy([], dnsDecision(before, []));
        const zone = changedBy(first, dnsDecision(now, first));
        const names = new Set(zone.filter(({ type }) => type === 'A').map(({ name }) => name));
        const targets = (label: string) =>
          zone
            .filter(({ name }) => name.startsWith(label))
            .flatMap(({ values }) => values.map((value) => value.split(' ')[3] ?? ''));
        for (const target of targets('_etcd')) if (target.endsWith(domain)) expect(names).toContain(target);
        const serving = now.members.filter(({ name, healthy, learner }) => name !== '' && healthy && !learner);
        if (serving.length > 0)
          expect(new Set(targets('_etcd-client'))).toEqual(new Set(serving.map(({ name }) => `${name}.${domain}`)));
      }),
    );
  });

  test('where the doubtful batch is refused clients find what they found, at addresses that are there, and it is all that is left', () => {
    fc.assert(
      fc.property(someFacts, someFacts, fc.boolean(), (before, now, empty) => {
        const zone = empty ? [] : changedBy([], dnsDecision(before, []));
        const decision = dnsDecision(now, zone);
        const batches = decision.verdict === 'change' ? decision.batches : [];
        expect(batches.slice(0, -1).some(({ doubtful }) => doubtful)).toBe(false);
        const taken = batches.filter(({ doubtful }) => !doubtful).reduce(changedByBatch, zone);
        const doubtful = batches.find((batch) => batch.doubtful);
        if (doubtful === undefined) return;
        const services = (sets: readonly RecordSet[]) => sets.filter(({ name }) => kindOf(name, domain) === 'client');
        expect(services(taken)).toEqual(services(zone));
        const names = new Set(taken.filter(({ type }) => type === 'A').map(({ name }) => name));
        for (const { values } of taken.filter(({ type }) => type === 'SRV'))
          for (const value of values) expect(names).toContain(value.split(' ')[3]);
        expect(dnsDecision(now, taken)).toMatchObject({ verdict: 'change', batches: [doubtful] });
        expect(dnsDecision(now, changedByBatch(taken, doubtful)).verdict).toBe('inSync');
      }),
    );
  });

  test('a removal takes all that is ours and nothing else', () => {
    fc.assert(
      fc.property(someFacts, someZone, (given, zone) => {
        const changed = changedBy(zone, dnsDecision(given, zone));
        const removal = removalChanges('etcd', 'etcd.internal', changed);
        if (!isOurs(changed)) return expect(removal).toEqual([]);
        const left = fromSdk(changedRecordSets(zoneOf(changed), changesOf(removal)));
        expect(
          left.filter(
            ({ name, type }) =>
              kindOf(name, domain) !== null && type !== 'TXT' && !(type === 'A' && name.startsWith('_')),
          ),
        ).toEqual([]);
        expect(isOurs(left)).toBe(false);
        const kept = (sets: readonly RecordSet[]) =>
          sets
            .filter(({ name }) => kindOf(name, domain) === null)
            .sort((a, b) => `${a.name} ${a.type}`.localeCompare(`${b.name} ${b.type}`));
        expect(kept(left)).toEqual(kept(changed));
      }),
    );
  });
});

describe('a name', () => {
  test.each([
    ['Example.ORG', 'example.org.'],
    ['example.org.', 'example.org.'],
    ['*.example.org', '\\052.example.org.'],
    ['\\052.example.org.', '\\052.example.org.'],
    ['\\101b.example.org', 'ab.example.org.'],
    ['a\\056b.example.org', 'a\\056b.example.org.'],
    ['_etcd-client._tcp.example.org', '_etcd-client._tcp.example.org.'],
  ])('%s is kept as %s', (name, canonical) => expect(canonicalName(name)).toBe(canonical));

  test('is below its domain by whole labels', () => {
    expect(isWithin('a.example.org.', 'example.org.')).toBe(true);
    expect(isWithin('example.org.', 'example.org.')).toBe(true);
    expect(isWithin('not-example.org.', 'example.org.')).toBe(false);
  });

  test('follows its domain without a gap in the order of a listing', () => {
    const label = fc.stringMatching(/^[a-z0-9_-]{1,4}$/);
    const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((parts) => canonicalName(parts.join('.')));
    fc.assert(
      fc.property(fc.array(name, { maxLength: 20 }), name, (names, top) => {
        const sorted = [top, ...names].sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : Number(sortKey(a) > sortKey(b))));
        const inside = sorted.map((one) => isWithin(one, top));
        expect(inside.slice(inside.indexOf(true), inside.lastIndexOf(true) + 1)).not.toContain(false);
        expect(sorted[inside.indexOf(true)]).toBe(top);
      }),
    );
  });

  test('of a cluster is below its zone', () => expect(clusterDomain('one', 'example.org.')).toBe('one.example.org.'));
});
