/** Two regions' networks: what is missing of their connection, and what is left of it. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { connectionPlan } from '../../../tasks/plan/connectionPlan.ts';
import { disconnectionPlan } from '../../../tasks/plan/disconnectionPlan.ts';
import {
  type Connection,
  liveStatuses,
  type PeeringCall,
  type PeeringFacts,
  type PeeringPlan,
  type RegionNetwork,
  type Route,
} from '../../../tasks/plan/peering.ts';

const homeBlocks = ['10.42.3.0/24', '10.42.4.0/24'];
const otherBlocks = ['10.43.3.0/24', '10.43.4.0/24', '10.43.5.0/24'];
const nat: Route = { destination: '0.0.0.0/0', target: 'nat-1', active: true };

function network(name: 'home' | 'other', more: Partial<RegionNetwork> = {}): RegionNetwork {
  const [block, memberBlocks] = name === 'home' ? ['10.42.0.0/16', homeBlocks] : ['10.43.0.0/16', otherBlocks];
  const tables = memberBlocks.map((_, index) => ({ id: `rtb-${name}-${index}`, routes: [nat] }));
  return { region: `${name}-region`, vpcId: `vpc-${name}`, blocks: [block], memberBlocks, tables, ...more };
}

function facts(more: Partial<PeeringFacts> = {}): PeeringFacts {
  const none = { connections: [], zoneVpcs: ['vpc-home'] };
  return { home: network('home'), other: network('other'), homeBlocks, otherBlocks, ...none, ...more };
}

const connection = (status: string, more: Partial<Connection> = {}): Connection => ({
  id: 'pcx-1',
  requester: 'vpc-home',
  accepter: 'vpc-other',
  status,
  ours: true,
  ...more,
});

/** The facts after the calls, as AWS would have them when it is done with what it does by itself. */
function applied(before: PeeringFacts, calls: readonly PeeringCall[]): PeeringFacts {
  return calls.reduce(afterCall, before);
}

function afterCall(seen: PeeringFacts, call: PeeringCall): PeeringFacts {
  const { connections, zoneVpcs } = seen;
  const became = (id: string, status: string) => connections.map((one) => (one.id === id ? { ...one, status } : one));
  switch (call.call) {
    case 'requestConnection':
      return {
        ...seen,
        connections: [...connections, connection('pending-acceptance', { id: `pcx-new-${connections.length}` })],
      };
    case 'acceptConnection':
      return { ...seen, connections: became(call.connection.id, 'active') };
    case 'deleteConnection':
      return { ...seen, connections: became(call.connection.id, 'deleted') };
    case 'associateZone':
      return { ...seen, zoneVpcs: [...(zoneVpcs ?? []), 'vpc-other'] };
    case 'disassociateZone':
      return { ...seen, zoneVpcs: (zoneVpcs ?? []).filter((one) => one !== 'vpc-other') };
    case 'createRoute':
    case 'replaceRoute': {
      const { destination, connection: target } = call;
      return withRoutes(seen, call, (routes) => {
        const there = routes.some((one) => one.destination === destination);
        expect(there).toBe(call.call === 'replaceRoute');
        return [...routes.filter((one) => one.destination !== destination), { destination, target, active: true }];
      });
    }
    case 'deleteRoute':
      return withRoutes(seen, call, (routes) => routes.filter(({ destination }) => destination !== call.destination));
  }
}

function withRoutes(
  seen: PeeringFacts,
  { region, table }: { region: string; table: string },
  change: (routes: readonly Route[]) => readonly Route[],
): PeeringFacts {
  const changed = (one: RegionNetwork | null) =>
    one?.region !== region
      ? one
      : {
          ...one,
          tables: one.tables.map((each) => (each.id === table ? { ...each, routes: change(each.routes) } : each)),
        };
  return { ...seen, home: changed(seen.home), other: changed(seen.other) };
}

/** Looks, does, and looks again, as the Lambda does; AWS gets on with its own meanwhile. */
function untilDone(first: PeeringFacts, plan: (seen: PeeringFacts) => PeeringPlan): PeeringFacts | { refused: string } {
  let seen = first;
  for (let round = 0; round < 10; round++) {
    const planned = plan(seen);
    if ('refused' in planned) return planned;
    if (planned.calls.length === 0 && planned.waitsFor === null) return seen;
    seen = progressed(applied(seen, planned.calls));
  }
  throw new Error('it does not come to an end');
}

const next: Readonly<Record<string, string>> = {
  'initiating-request': 'pending-acceptance',
  provisioning: 'active',
  deleting: 'deleted',
};

function progressed(seen: PeeringFacts): PeeringFacts {
  return { ...seen, connections: seen.connections.map((one) => ({ ...one, status: next[one.status] ?? one.status })) };
}

const statuses = [
  ...['initiating-request', 'pending-acceptance', 'provisioning', 'active', 'deleting'],
  ...['deleted', 'failed', 'rejected', 'expired'],
];

/** Whatever a crash, an older deployment or an operator may have left. */
const anyFacts: fc.Arbitrary<PeeringFacts> = fc
  .record({
    status: fc.constantFrom(null, ...statuses),
    reversed: fc.boolean(),
    ours: fc.boolean(),
    zoneVpcs: fc.constantFrom(null, ['vpc-home'], ['vpc-home', 'vpc-other'], ['vpc-home', 'vpc-more']),
    homeRoutes: routesTo([...otherBlocks, '10.43.9.0/24']),
    otherRoutes: routesTo([...homeBlocks, '10.42.9.0/24']),
  })
  .map(({ status, reversed, ours, zoneVpcs, homeRoutes, otherRoutes }) => {
    const live = status !== null && liveStatuses.includes(status);
    // A route is what its target is.
    const as = (given: readonly Route[]) => given.map((one) => ({ ...one, active: live && one.target === 'pcx-1' }));
    const ends = reversed ? { requester: 'vpc-other', accepter: 'vpc-home' } : {};
    return facts({
      connections: status === null ? [] : [connection(status, { ours, ...ends })],
      zoneVpcs,
      home: network('home', {
        tables: [
          { id: 'rtb-a', routes: [nat, ...as(homeRoutes)] },
          { id: 'rtb-b', routes: [nat] },
        ],
      }),
      other: network('other', { tables: [{ id: 'rtb-c', routes: [nat, ...as(otherRoutes)] }] }),
    });
  });

/** Each destination at most once, as in a route table. */
function routesTo(destinations: readonly string[]): fc.Arbitrary<readonly Route[]> {
  return fc
    .subarray([...destinations])
    .chain((chosen) =>
      fc.tuple(
        ...chosen.map((destination) =>
          fc.constantFrom('pcx-0', 'pcx-1').map((target): Route => ({ destination, target, active: false })),
        ),
      ),
    );
}

function routes(seen: RegionNetwork | null): readonly Route[] {
  return seen?.tables.flatMap((table) => table.routes) ?? [];
}

/** Routes that lead to none of the members, wherever they lead. */
function foreign({ home, other }: PeeringFacts): readonly string[] {
  return [...routes(home), ...routes(other)]
    .filter(({ destination }) => ![...homeBlocks, ...otherBlocks].includes(destination))
    .map(({ destination, target }) => `${destination} ${target}`);
}

describe('connecting two regions', () => {
  test('begins with the request, and with the zone', () => {
    expect(connectionPlan(facts())).toEqual({
      calls: [{ call: 'associateZone' }, { call: 'requestConnection' }],
      waitsFor: 'the connection is being asked for',
    });
  });

  test('leads to the members of the other region and nowhere else, from every table of members', () => {
    const done = untilDone(facts(), connectionPlan) as PeeringFacts;
    const [{ id }] = done.connections as [Connection];
    for (const { routes } of done.home?.tables ?? [])
      expect(routes).toEqual([nat, ...otherBlocks.map((destination) => ({ destination, target: id, active: true }))]);
    for (const { routes } of done.other?.tables ?? [])
      expect(routes).toEqual([nat, ...homeBlocks.map((destination) => ({ destination, target: id, active: true }))]);
    expect(done.zoneVpcs).toEqual(['vpc-home', 'vpc-other']);
  });

  test('comes to an end from wherever it was left, and then has nothing more to do', () => {
    fc.assert(
      fc.property(anyFacts, (left) => {
        const done = untilDone(left, connectionPlan) as PeeringFacts;
        expect(connectionPlan(done)).toEqual({ calls: [], waitsFor: null });
        const live = done.connections.filter(({ status }) => status === 'active');
        expect(live).toHaveLength(1);
        for (const [seen, blocks] of [
          [done.home, otherBlocks],
          [done.other, homeBlocks],
        ] as const)
          for (const table of seen?.tables ?? []) {
            for (const destination of blocks)
              expect(table.routes).toContainEqual({ destination, target: live[0]?.id, active: true });
            expect(table.routes).toContainEqual(nat);
          }
        expect(foreign(done)).toEqual(foreign(left));
        if (left.zoneVpcs !== null) expect(done.zoneVpcs).toContain('vpc-other');
      }),
      { numRuns: 500 },
    );
  });

  test('takes its own routes to subnets that have none of the members any more, and leaves an operator’s', () => {
    const into = (destination: string): Route => ({ destination, target: 'pcx-1', active: true });
    const elsewhere: Route = { destination: '10.43.7.0/24', target: 'tgw-1', active: true };
    const [former, stays] = [into('10.43.6.0/24'), into('10.43.0.0/16')];
    const tables = [{ id: 'rtb-a', routes: [nat, former, stays, elsewhere] }];
    const left = facts({ connections: [connection('active')], home: network('home', { tables }) });
    const before = { home: homeBlocks, other: ['10.43.3.0/24', '10.43.6.0/24', '10.43.7.0/24'] };
    const first = untilDone(left, connectionPlan) as PeeringFacts;
    expect(routes(first.home)).toEqual([nat, former, stays, elsewhere, ...otherBlocks.map(into)]);
    const done = untilDone(left, (seen) => connectionPlan(seen, before)) as PeeringFacts;
    expect(routes(done.home)).toEqual([nat, stays, elsewhere, ...otherBlocks.map(into)]);
    expect(connectionPlan(done, before)).toEqual({ calls: [], waitsFor: null });
    // Members that are there again keep their routes, and what the deployment before did not name is not its own.
    expect(connectionPlan(done, { home: [], other: otherBlocks })).toEqual({ calls: [], waitsFor: null });
  });

  test('takes a connection that somebody made already', () => {
    const theirs = connection('active', { id: 'pcx-9', ours: false, requester: 'vpc-other', accepter: 'vpc-home' });
    const done = untilDone(facts({ connections: [theirs] }), connectionPlan) as PeeringFacts;
    expect(done.connections).toEqual([theirs]);
  });

  test.each<[string, Partial<PeeringFacts>, string]>([
    ['home is not deployed', { home: null }, 'no VPC of the cluster in the home region'],
    ['the other region is not deployed', { other: null }, 'no VPC of the cluster in the other region'],
    [
      'a subnet is missing',
      { other: network('other', { memberBlocks: otherBlocks.slice(1) }) },
      'vpc-other in other-region has no subnets 10.43.3.0/24',
    ],
    [
      'the VPCs overlap',
      { home: network('home', { blocks: ['10.42.0.0/16', '10.43.128.0/20'] }) },
      '10.43.0.0/16 of vpc-other in other-region overlaps 10.43.128.0/20 of vpc-home in home-region',
    ],
    [
      'a route of somebody else is in the way',
      {
        connections: [connection('active')],
        home: network('home', {
          tables: [{ id: 'rtb-a', routes: [{ destination: '10.43.4.0/24', target: 'tgw-1', active: true }] }],
        }),
      },
      'the route table rtb-a already sends 10.43.4.0/24 to tgw-1 in home-region',
    ],
  ])('is refused where %s', (_why, more, message) => {
    expect(connectionPlan(facts(more))).toEqual({ refused: expect.stringContaining(message) });
  });
});

describe('disconnecting two regions', () => {
  const plan = (seen: PeeringFacts) => disconnectionPlan(seen, 'vpc-other');

  test('leaves nothing of what connecting made', () => {
    const connected = untilDone(facts(), connectionPlan) as PeeringFacts;
    const { home, other, zoneVpcs, connections } = untilDone(connected, plan) as PeeringFacts;
    expect({ home, other, zoneVpcs }).toEqual({
      ...facts(),
      connections: undefined,
      homeBlocks: undefined,
      otherBlocks: undefined,
    });
    expect(connections.map(({ status }) => status)).toEqual(['deleted']);
  });

  test('comes to an end from wherever it was left, and keeps what is somebody else’s', () => {
    fc.assert(
      fc.property(anyFacts, (left) => {
        const done = untilDone(left, plan) as PeeringFacts;
        expect(plan(done)).toEqual({ calls: [], waitsFor: null });
        const [was, is] = [left.connections[0], done.connections[0]];
        if (was?.ours === false && liveStatuses.includes(was.status)) expect(liveStatuses).toContain(is?.status);
        if (was?.ours) expect(['deleted', 'failed', 'rejected', 'expired']).toContain(is?.status);
        expect(done.zoneVpcs ?? []).not.toContain('vpc-other');
        expect(foreign(done)).toEqual(foreign(left));
        const wanted = [...homeBlocks, ...otherBlocks];
        for (const seen of [done.home, done.other]) {
          expect(routes(seen)).toContainEqual(nat);
          expect(routes(seen).filter(({ destination }) => wanted.includes(destination))).toEqual([]);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('does not need what is gone', () => {
    const gone = facts({ home: null, other: null, connections: [], zoneVpcs: null });
    expect(plan(gone)).toEqual({ calls: [], waitsFor: null });
    const alone = facts({
      other: null,
      home: network('home', {
        tables: [{ id: 'rtb-a', routes: [nat, { destination: '10.43.3.0/24', target: 'pcx-old', active: false }] }],
      }),
      zoneVpcs: ['vpc-home', 'vpc-other'],
    });
    const done = untilDone(alone, plan) as PeeringFacts;
    expect(routes(done.home)).toEqual([nat]);
    expect(done.zoneVpcs).toEqual(['vpc-home']);
  });
});
