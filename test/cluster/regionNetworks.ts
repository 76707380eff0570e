/** What an operator may do to the networks of two regions after their deployment, and the undoing of it. */
import {
  AssociateVPCWithHostedZoneCommand,
  DisassociateVPCFromHostedZoneCommand,
  ListHostedZonesCommand,
  Route53Client,
} from '@aws-sdk/client-route-53';
import type { Route, Vpcs } from '../../infra/local/ec2/vpc/records.ts';
import type { Documents } from '../../infra/local/wire/documents.ts';
import { type TestCluster, testRegions } from './cluster.ts';

type Side = 0 | 1;
type Undo = () => void | Promise<void>;
export type Disturbance = (cluster: TestCluster) => Promise<Undo>;

async function networksIn({ home }: TestCluster, side: Side): Promise<Vpcs> {
  return (await home.region(testRegions[side])).services.vpcs;
}

function changed<Item>(table: Documents<Item>, idOf: (item: Item) => string, how: (item: Item) => Item): Undo {
  const before = table.all();
  for (const item of before) table.put(idOf(item), how(item));
  return () => {
    for (const item of before) table.put(idOf(item), item);
  };
}

/** The second region's VPC gets the addresses of home's. */
export const overlappingBlocks: Disturbance = async (cluster) => {
  const [home] = (await networksIn(cluster, 0)).vpcs.all();
  const { vpcs } = await networksIn(cluster, 1);
  return changed(
    vpcs,
    ({ vpcId }) => vpcId,
    (vpc) => ({ ...vpc, cidr: home?.cidr ?? '' }),
  );
};

/** What becomes of each of a region's routes; those that are left out go. */
const routesChanged = async (
  cluster: TestCluster,
  side: Side,
  how: (route: Route) => readonly Route[],
): Promise<Undo> =>
  changed(
    (await networksIn(cluster, side)).routeTables,
    ({ routeTableId }) => routeTableId,
    (table) => ({ ...table, routes: table.routes.flatMap(how) }),
  );

const intoConnection = ({ target }: Route) => target.kind === 'VpcPeeringConnectionId';

/** The routes into the connection go. */
export const noRoutes =
  (side: Side): Disturbance =>
  (cluster) =>
    routesChanged(cluster, side, (route) => (intoConnection(route) ? [] : [route]));

/** The routes into the connection lead into one that is gone. */
export const blackholes =
  (side: Side): Disturbance =>
  (cluster) =>
    routesChanged(cluster, side, (route) => [
      intoConnection(route) ? { ...route, target: { ...route.target, id: 'pcx-0' } } : route,
    ]);

/** Nobody is admitted any more by addresses, and so nobody of the other region. */
export const closedGroups =
  (side: Side): Disturbance =>
  async (cluster) => {
    const { securityGroups } = await networksIn(cluster, side);
    return changed(
      securityGroups,
      ({ groupId }) => groupId,
      (group) => ({
        ...group,
        rules: group.rules.filter(({ direction, cidr }) => direction === 'egress' || cidr === undefined),
      }),
    );
  };

export const noConnection: Disturbance = async ({ home }) => {
  const { peerings } = (await home.region(testRegions[0])).services;
  return changed(
    peerings.table,
    ({ peeringId }) => peeringId,
    (peering) => ({ ...peering, state: 'deleted' as const, sinceMs: Date.now() - 60_000 }),
  );
};

/** The second region's VPC does not see the cluster's names. */
export const unseenZone: Disturbance = async (cluster) => {
  const { endpoint, credentials } = cluster.home;
  const [vpc] = (await networksIn(cluster, 1)).vpcs.all();
  const client = new Route53Client({ endpoint, credentials, region: testRegions[0] });
  const { HostedZones: [zone] = [] } = await client.send(new ListHostedZonesCommand({}));
  const input = { HostedZoneId: zone?.Id ?? '', VPC: { VPCRegion: testRegions[1], VPCId: vpc?.vpcId ?? '' } };
  await client.send(new DisassociateVPCFromHostedZoneCommand(input));
  return async () => {
    await client.send(new AssociateVPCWithHostedZoneCommand(input));
    client.destroy();
  };
};
