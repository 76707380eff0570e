/** What connects the networks of two regions: one peering connection, routes both ways, the hosted zone seen from both. Pure. */
import { overlap } from './ipv4Blocks.ts';
import {
  type Connection,
  liveStatuses,
  type PeeringCall,
  type PeeringFacts,
  type PeeringPlan,
  type RegionNetwork,
  type RouteTable,
} from './peering.ts';

/** Of the members' subnets in an earlier deployment. */
export interface FormerBlocks {
  readonly home: readonly string[];
  readonly other: readonly string[];
}

/**
 * What is missing; the plan of facts that lack nothing is empty. Look again after its calls, until it is.
 * @param former that the deployment before this one led routes to: those that are none of the members' any more go. Any other route into
 * the connection is somebody's own
 */
export function connectionPlan(facts: PeeringFacts, former: FormerBlocks = { home: [], other: [] }): PeeringPlan {
  const { home, other, zoneVpcs, connections } = facts;
  if (home === null || other === null) return { refused: missingVpc(facts) };
  const refusal = unfit(home, facts.homeBlocks) ?? unfit(other, facts.otherBlocks) ?? overlapping(home, other);
  if (refusal !== null) return { refused: refusal };
  const zone: PeeringCall[] = zoneVpcs === null || zoneVpcs.includes(other.vpcId) ? [] : [{ call: 'associateZone' }];
  if (connections.some(({ status }) => status === 'deleting'))
    return { calls: zone, waitsFor: 'the connection that there was before is still being deleted' };
  const [connection] = connections.filter(({ status }) => liveStatuses.includes(status));
  if (connection === undefined)
    return { calls: [...zone, { call: 'requestConnection' }], waitsFor: 'the connection is being asked for' };
  if (connection.status === 'pending-acceptance')
    return { calls: [...zone, { call: 'acceptConnection', connection }], waitsFor: 'the connection is being accepted' };
  if (connection.status !== 'active')
    return { calls: zone, waitsFor: `the connection ${connection.id} is ${connection.status}` };
  const routes = [
    routesOf(home, facts.otherBlocks, former.other, connection),
    routesOf(other, facts.homeBlocks, former.home, connection),
  ];
  const refused = routes.flatMap((one) => ('refused' in one ? [one.refused] : []));
  if (refused[0] !== undefined) return { refused: refused[0] };
  return { calls: [...zone, ...routes.flatMap((one) => ('calls' in one ? one.calls : []))], waitsFor: null };
}

function missingVpc({ home }: PeeringFacts): string {
  const which = home === null ? 'home' : 'other';
  return `there is no VPC of the cluster in the ${which} region: deploy that region's stack first`;
}

function unfit({ region, vpcId, memberBlocks }: RegionNetwork, wanted: readonly string[]): string | null {
  const missing = wanted.filter((block) => !memberBlocks.includes(block));
  if (missing.length === 0) return null;
  return `${vpcId} in ${region} has no subnets ${missing.join(', ')}: deploy that region's stack again`;
}

function overlapping(home: RegionNetwork, other: RegionNetwork): string | null {
  for (const one of home.blocks)
    for (const block of other.blocks)
      if (overlap(one, block))
        return `${block} of ${other.vpcId} in ${other.region} overlaps ${one} of ${home.vpcId} in ${home.region}, and such VPCs cannot be connected`;
  return null;
}

type Routes = { readonly calls: readonly PeeringCall[] } | { readonly refused: string };

/** To the members of the other region and to nothing else of it, from the members' subnets and from no others. */
function routesOf(
  { region, tables }: RegionNetwork,
  destinations: readonly string[],
  former: readonly string[],
  { id }: Connection,
): Routes {
  const left = former.filter((block) => !destinations.includes(block));
  const taken = tables.flatMap((table) => takenIn(table, destinations, id));
  if (taken[0] !== undefined) return { refused: `${taken[0]} in ${region}; remove that route first` };
  return {
    calls: tables.flatMap((table) => [
      ...destinations.flatMap((destination): PeeringCall[] => {
        const route = table.routes.find((one) => one.destination === destination);
        if (route?.target === id) return [];
        const call = route === undefined ? 'createRoute' : 'replaceRoute';
        return [{ call, region, table: table.id, destination, connection: id }];
      }),
      ...table.routes
        .filter(({ target, destination }) => target === id && left.includes(destination))
        .map(({ destination }): PeeringCall => ({ call: 'deleteRoute', region, table: table.id, destination })),
    ]),
  };
}

function takenIn({ id: table, routes }: RouteTable, destinations: readonly string[], id: string): readonly string[] {
  return routes
    .filter(({ destination, target, active }) => destinations.includes(destination) && active && target !== id)
    .map(({ destination, target }) => `the route table ${table} already sends ${destination} to ${target}`);
}
