/** Makes the calls of a plan about two regions' networks, and looks again until nothing is left to do. */
import { associateZone, disassociateZone, vpcsOfZone } from '../aws/hostedZones.ts';
import {
  acceptConnection,
  connectionsBetween,
  deleteConnection,
  deleteRoute,
  findNetwork,
  requestConnection,
  setRoute,
} from '../aws/networks.ts';
import { connectionPlan } from '../plan/connectionPlan.ts';
import { disconnectionPlan } from '../plan/disconnectionPlan.ts';
import { liveStatuses, type PeeringCall, type PeeringFacts, type PeeringPlan } from '../plan/peering.ts';
import { meaningOf } from '../plan/peeringErrors.ts';

/** What a stack tells of the two regions. */
export interface Pair {
  readonly cluster: string;
  /** Home first, as in all that follows. */
  readonly regions: readonly [string, string];
  /** Empty where it is not known, and is the one with the cluster's tag. */
  readonly vpcIds: readonly [string, string];
  readonly blocks: readonly [readonly string[], readonly string[]];
  /** Null: the zone is left alone. */
  readonly hostedZoneId: string | null;
}

/** @throws Error naming the property that is missing */
export function pairOf(properties: Readonly<Record<string, string>>): Pair {
  const two = (name: string, separator = ','): [string, string] => {
    const [home, other, more] = (properties[name] ?? '').split(separator);
    if (home === undefined || other === undefined || more !== undefined)
      throw new Error(`the property ${name} is '${properties[name]}', not two values`);
    return [home, other];
  };
  const [homeBlocks, otherBlocks] = two('MemberBlocks', ';');
  return {
    cluster: properties.Cluster ?? '',
    regions: two('Regions'),
    vpcIds: two('VpcIds'),
    blocks: [homeBlocks.split(','), otherBlocks.split(',')],
    hostedZoneId: properties.HostedZoneId ?? null,
  };
}

async function look(pair: Pair): Promise<PeeringFacts> {
  const [home, other] = await networksOf(pair);
  const [homeVpc, otherVpc] = [home?.vpcId ?? pair.vpcIds[0], other?.vpcId ?? pair.vpcIds[1]];
  const connections =
    homeVpc === '' || otherVpc === '' ? [] : await connectionsBetween(pair.regions[0], pair.cluster, homeVpc, otherVpc);
  const zoneVpcs = pair.hostedZoneId === null ? null : await vpcsOfZone(pair.hostedZoneId);
  return { home, other, homeBlocks: pair.blocks[0], otherBlocks: pair.blocks[1], connections, zoneVpcs };
}

function networksOf({ cluster, regions, vpcIds, blocks }: Pair) {
  const find = (index: 0 | 1) =>
    findNetwork(regions[index], vpcIds[index] === '' ? { cluster } : { vpcId: vpcIds[index] }, blocks[index]);
  return Promise.all([find(0), find(1)]);
}

/** Below the Lambda's time-out. */
const deadlineMs = 240_000;
const pauseMs = 2_000;

/** @param before as the deployment before this one told it, whose routes are taken away where they lead to no members any more */
export function connect(pair: Pair, before?: Pair): Promise<void> {
  const [home, other] = before?.blocks ?? [[], []];
  return carryOut(pair, (facts) => connectionPlan(facts, { home, other }));
}

export function disconnect(pair: Pair): Promise<void> {
  return carryOut(pair, (facts) => disconnectionPlan(facts, pair.vpcIds[1]));
}

/** @throws Error where the plan is refused, where AWS refuses a call or a connection, or where the time is over */
async function carryOut(pair: Pair, plan: (facts: PeeringFacts) => PeeringPlan): Promise<void> {
  const asked = new Set<string>();
  let wanted = pair;
  const deadline = Date.now() + deadlineMs;
  let last = 'nothing was tried';
  while (Date.now() < deadline) {
    const seen = await look(wanted);
    const failed = seen.connections.find(({ id, status }) => asked.has(id) && !liveStatuses.includes(status));
    if (failed !== undefined) throw refused(`AWS says that the connection ${failed.id} is ${failed.status}`);
    const planned = plan(seen);
    if ('refused' in planned) throw refused(planned.refused);
    if (planned.calls.length === 0 && planned.waitsFor === null) return;
    last = planned.waitsFor ?? last;
    for (const call of planned.calls) {
      try {
        const connection = await perform(call, wanted, seen);
        if (connection !== null) asked.add(connection);
      } catch (error) {
        const { name, message } = error as Error;
        const meaning = meaningOf(call, name);
        if (meaning === 'failed') throw error;
        if (meaning === 'gone') wanted = { ...wanted, hostedZoneId: null };
        last = `${call.call}: ${name}: ${message}`;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  throw refused(`the regions are not as they should be after ${deadlineMs / 1000} s: ${last}`);
}

function refused(why: string): Error {
  return new Error(`${why} (docs/runbook.md#regions-not-connected)`);
}

/** @returns the id of a connection that was asked for */
async function perform(
  call: PeeringCall,
  { cluster, regions, vpcIds, hostedZoneId }: Pair,
  { home, other }: PeeringFacts,
): Promise<string | null> {
  const [homeRegion, otherRegion] = regions;
  const vpcId = vpcIds[1];
  switch (call.call) {
    case 'requestConnection':
      return home === null || other === null ? null : requestConnection(cluster, home, other);
    case 'acceptConnection':
      await acceptConnection(call.connection.accepter === home?.vpcId ? homeRegion : otherRegion, call.connection.id);
      return null;
    case 'deleteConnection':
      await deleteConnection(homeRegion, call.connection.id);
      return null;
    case 'createRoute':
    case 'replaceRoute':
      await setRoute(call.call, call.region, call);
      return null;
    case 'deleteRoute':
      await deleteRoute(call.region, call.table, call.destination);
      return null;
    case 'associateZone':
      await associateZone(hostedZoneId ?? '', otherRegion, vpcId);
      return null;
    case 'disassociateZone':
      await disassociateZone(hostedZoneId ?? '', otherRegion, vpcId);
      return null;
  }
}
