/** What is missing between two regions: all of it, and nothing of it where it is there. */
import { describe, expect, test } from '@jest/globals';
import { type NetworkFacts, networkProblems } from '../../../tasks/plan/networkProblems.ts';
import type { Connection, PeeringFacts, RegionNetwork, Route } from '../../../tasks/plan/peering.ts';

const blocks = { home: ['10.42.3.0/24', '10.42.4.0/24'], other: ['10.43.3.0/24'] } as const;
const region = { home: 'eu-west-1', other: 'eu-central-1' } as const;
const across = { home: 'other', other: 'home' } as const;
type Side = 'home' | 'other';
const nat: Route = { destination: '0.0.0.0/0', target: 'nat-1', active: true };
const into = (destination: string, more: Partial<Route> = {}): Route => ({
  destination,
  target: 'pcx-1',
  active: true,
  ...more,
});

function network(side: Side, more: Partial<RegionNetwork> = {}): RegionNetwork {
  const routes = [nat, ...blocks[across[side]].map((block) => into(block))];
  return {
    region: region[side],
    vpcId: `vpc-${side}`,
    blocks: [side === 'home' ? '10.42.0.0/16' : '10.43.0.0/16'],
    memberBlocks: blocks[side],
    tables: [{ id: `rtb-${side}`, routes }],
    ...more,
  };
}

const connection: Connection = {
  id: 'pcx-1',
  requester: 'vpc-home',
  accepter: 'vpc-other',
  status: 'active',
  ours: true,
};
const open = (side: Side, from: readonly string[] = blocks[across[side]]) => ({
  region: region[side],
  groups: [
    {
      id: `sg-${side}`,
      inbound: from.map((block) => ({ protocol: 'tcp', fromPort: 2379, toPort: 2380, block })),
      outbound: [{ protocol: '-1', fromPort: 0, toPort: 65_535, block: '0.0.0.0/0' }],
    },
  ],
});

function facts(peering: Partial<PeeringFacts> = {}, more: Partial<NetworkFacts> = {}): NetworkFacts {
  return {
    regions: [region.home, region.other],
    peering: {
      home: network('home'),
      other: network('other'),
      homeBlocks: blocks.home,
      otherBlocks: blocks.other,
      connections: [connection],
      zoneVpcs: ['vpc-home', 'vpc-other'],
      ...peering,
    },
    security: [open('home'), open('other')],
    hostedZoneId: 'Z1',
    ...more,
  };
}

const tables = (side: Side, routes: readonly Route[]) => network(side, { tables: [{ id: `rtb-${side}`, routes }] });
const saidOf = (peering: Partial<PeeringFacts>, more: Partial<NetworkFacts> = {}) =>
  networkProblems(facts(peering, more));

test('nothing is said where nothing is missing, nor of routes that are there besides', () => {
  expect(saidOf({})).toEqual([]);
  expect(saidOf({ home: tables('home', [into('10.43.3.0/24'), into('10.43.200.0/24')]) })).toEqual([]);
});

describe('what is missing is said with where it is and what to do', () => {
  test.each<[string, Partial<PeeringFacts>, readonly string[]]>([
    [
      'VPCs of both regions',
      { home: null, other: null },
      [
        "the members' subnets in eu-west-1 are in no VPC that is there: deploy that region's stack again",
        "the members' subnets in eu-central-1 are in no VPC that is there: deploy that region's stack again",
      ],
    ],
    [
      'addresses of its own',
      { other: network('other', { blocks: ['10.42.128.0/17'] }) },
      [
        '10.42.128.0/17 of vpc-other in eu-central-1 overlaps 10.42.0.0/16 of vpc-home in eu-west-1, and such VPCs cannot be connected',
      ],
    ],
    [
      'the acceptance of the connection, whose routes are there',
      { connections: [{ ...connection, status: 'pending-acceptance' }] },
      [
        'pcx-1 is pending-acceptance, not active, between vpc-home in eu-west-1 and vpc-other in eu-central-1: raise etcd-appliance.connectionRevision and deploy the peering stack, or accept the connection',
      ],
    ],
    [
      'a route in one region, and another leads nowhere',
      {
        home: tables('home', [nat]),
        other: tables(
          'other',
          blocks.home.map((one) => into(one, { target: 'pcx-0', active: false })),
        ),
      },
      [
        'the route table rtb-home in eu-west-1 has no route to 10.43.3.0/24 (members in eu-central-1): route it into the peering connection',
        'the route table rtb-other in eu-central-1 has a route that leads nowhere (blackhole) to 10.42.3.0/24 (members in eu-west-1): route it into the peering connection',
        'the route table rtb-other in eu-central-1 has a route that leads nowhere (blackhole) to 10.42.4.0/24 (members in eu-west-1): route it into the peering connection',
      ],
    ],
    [
      'a route that leads elsewhere',
      { home: tables('home', [into('10.43.3.0/24', { target: 'tgw-1' })]) },
      ['the route table rtb-home already sends 10.43.3.0/24 to tgw-1 in eu-west-1; remove that route first'],
    ],
    [
      'the hosted zone in the other VPC',
      { zoneVpcs: ['vpc-home'] },
      ['the hosted zone Z1 is not seen from vpc-other in eu-central-1: associate it with that VPC'],
    ],
    [
      'the hosted zone',
      { zoneVpcs: null },
      ["the hosted zone Z1 does not exist: deploy the home region's stack again"],
    ],
  ])('%s', (_, peering, said) => {
    expect(saidOf(peering)).toEqual(said);
  });

  test.each(['home', 'other'] as const)('a security group that is open one way alone, at %s', (side) => {
    const security = [open('home'), open('other')].map((one) => (one.region === region[side] ? open(side, []) : one));
    expect(saidOf({}, { security })).toEqual([
      `sg-${side} in ${region[side]} does not admit members in ${region[across[side]]} (tcp 2379 and 2380, ${blocks[across[side]].join(', ')}): add that inbound rule`,
    ]);
  });

  test('all of it at once, where there is no connection any more', () => {
    const gone = saidOf(
      {
        connections: [{ ...connection, status: 'deleted' }],
        home: tables('home', [into('10.43.3.0/24', { active: false })]),
        other: tables('other', [into('10.42.3.0/24', { active: false })]),
        zoneVpcs: ['vpc-home'],
      },
      { security: [open('home', []), open('other')] },
    );
    expect(gone).toEqual([
      expect.stringContaining('there is no peering connection between vpc-home in eu-west-1 and vpc-other'),
      expect.stringContaining('rtb-home in eu-west-1 has a route that leads nowhere'),
      expect.stringContaining('rtb-other in eu-central-1 has a route that leads nowhere (blackhole) to 10.42.3.0/24'),
      expect.stringContaining('rtb-other in eu-central-1 has no route to 10.42.4.0/24'),
      expect.stringContaining('sg-home in eu-west-1 does not admit'),
      expect.stringContaining('the hosted zone Z1 is not seen from vpc-other'),
    ]);
  });
});
