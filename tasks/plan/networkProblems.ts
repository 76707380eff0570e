/** What lies between two regions and keeps their members from each other: everything that is missing. Pure: facts in, sentences out. */
import { connectionPlan } from './connectionPlan.ts';
import { type Connection, liveStatuses, type PeeringCall, type PeeringFacts, type RegionNetwork } from './peering.ts';
import { type MemberSecurity, securityProblems } from './securityRules.ts';

export interface NetworkFacts {
  /** Home first. */
  readonly regions: readonly [string, string];
  readonly peering: PeeringFacts;
  /** Of members that are there and of those to come, in both regions. */
  readonly security: readonly MemberSecurity[];
  readonly hostedZoneId: string;
}

/** Each says what is missing, where, and what to do about it; none where the members reach each other. */
export function networkProblems({ regions, peering, security, hostedZoneId }: NetworkFacts): readonly string[] {
  const { home, other } = peering;
  if (home === null || other === null)
    return [home, other].flatMap((network, index) =>
      network !== null
        ? []
        : [`the members' subnets in ${regions[index]} are in no VPC that is there: deploy that region's stack again`],
    );
  return [
    ...connectionProblems(peering, [home, other]),
    ...security.flatMap((one) => {
      const across = one.region === home.region ? other : home;
      return securityProblems(one, { region: across.region, blocks: across.memberBlocks });
    }),
    ...zoneProblems(peering, [home, other], hostedZoneId),
  ];
}

/** The plan of what would connect them says what is missing; routes are looked at even where there is no connection yet. */
function connectionProblems(facts: PeeringFacts, networks: readonly [RegionNetwork, RegionNetwork]): readonly string[] {
  const planned = connectionPlan(facts);
  if ('refused' in planned) return [planned.refused];
  const [home, other] = networks;
  const between = `between ${home.vpcId} in ${home.region} and ${other.vpcId} in ${other.region}`;
  if (planned.waitsFor === null) return planned.calls.flatMap((call) => routeProblem(call, networks));
  const live = facts.connections.find(({ status }) => liveStatuses.includes(status));
  const state = live === undefined ? 'there is no peering connection' : `${live.id} is ${live.status}, not active,`;
  const supposed: Connection = {
    ...(live ?? { id: 'pcx-none', requester: home.vpcId, accepter: other.vpcId, ours: true }),
    status: 'active',
  };
  const routes = connectionPlan({ ...facts, connections: [supposed] });
  return [
    `${state} ${between}: raise etcd-appliance.connectionRevision and deploy the peering stack, or accept the connection`,
    ...('refused' in routes ? [routes.refused] : routes.calls.flatMap((call) => routeProblem(call, networks))),
  ];
}

/** Routes that are there besides are in nobody's way. */
function routeProblem(call: PeeringCall, networks: readonly RegionNetwork[]): readonly string[] {
  if (call.call !== 'createRoute' && call.call !== 'replaceRoute') return [];
  const { table, region, destination } = call;
  const across = networks.find((network) => network.region !== region)?.region;
  const what = call.call === 'createRoute' ? 'has no route to' : 'has a route that leads nowhere (blackhole) to';
  return [
    `the route table ${table} in ${region} ${what} ${destination} (members in ${across}): route it into the peering connection`,
  ];
}

function zoneProblems(
  { zoneVpcs }: PeeringFacts,
  networks: readonly RegionNetwork[],
  hostedZoneId: string,
): readonly string[] {
  if (zoneVpcs === null)
    return [`the hosted zone ${hostedZoneId} does not exist: deploy the home region's stack again`];
  return networks
    .filter(({ vpcId }) => !zoneVpcs.includes(vpcId))
    .map(
      ({ vpcId, region }) =>
        `the hosted zone ${hostedZoneId} is not seen from ${vpcId} in ${region}: associate it with that VPC`,
    );
}
