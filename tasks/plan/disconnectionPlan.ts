/** What undoes the connection of two regions. Pure. */
import {
  type Connection,
  liveStatuses,
  type PeeringCall,
  type PeeringFacts,
  type PeeringPlan,
  type RegionNetwork,
} from './peering.ts';

/**
 * What is still there of it; the plan of facts that have nothing of it is empty. What somebody else made stays: a connection without the
 * cluster's tag, and routes to elsewhere.
 * @param otherVpc as it was when it was connected: it may be gone
 */
export function disconnectionPlan(facts: PeeringFacts, otherVpc: string): PeeringPlan {
  const { home, other, homeBlocks, otherBlocks, connections, zoneVpcs } = facts;
  const zone: PeeringCall[] = zoneVpcs?.includes(otherVpc) ? [{ call: 'disassociateZone' }] : [];
  const routes = [...routesOf(home, otherBlocks, connections), ...routesOf(other, homeBlocks, connections)];
  const ours = connections.filter((one) => one.ours && [...liveStatuses, 'deleting'].includes(one.status));
  const deletable = ours.filter(({ status }) => status === 'active' || status === 'pending-acceptance');
  const deletions = deletable.map((connection): PeeringCall => ({ call: 'deleteConnection', connection }));
  const [busy] = ours.filter((connection) => !deletable.includes(connection));
  return {
    calls: [...zone, ...routes, ...deletions],
    waitsFor: busy === undefined ? null : `the connection ${busy.id} is ${busy.status}`,
  };
}

/** Those to the other region's members that lead into the connection, or into one that is not there any more. */
function routesOf(
  network: RegionNetwork | null,
  destinations: readonly string[],
  connections: readonly Connection[],
): readonly PeeringCall[] {
  if (network === null) return [];
  const { region, tables } = network;
  const known = (target: string) => connections.some(({ id }) => id === target);
  return tables.flatMap(({ id: table, routes }) =>
    routes
      .filter(({ destination }) => destinations.includes(destination))
      .filter(({ target, active }) => known(target) || (!active && target.startsWith('pcx-')))
      .map(({ destination }): PeeringCall => ({ call: 'deleteRoute', region, table, destination })),
  );
}
