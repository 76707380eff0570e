/** The operations of route tables. */
import { AwsError, type HomeContext, type Service } from '../../wire/service.ts';
import { type DescribeInput, describing } from '../describing.ts';
import { tagAttributes } from '../filters.ts';
import type { PeeringParts } from './peeringOperations.ts';
import { type Peerings, sideIn } from './peerings.ts';
import type { Route, RouteTable } from './records.ts';
import {
  destinationOf,
  isLocal,
  type RouteInput,
  routeFrom,
  withOtherTarget,
  withoutRoute,
  withRoute,
} from './routes.ts';

export function routeOperations(
  { region, account }: HomeContext,
  { vpcs, peerings }: Pick<PeeringParts, 'vpcs' | 'peerings'>,
): Service['operations'] {
  const { routeTables } = vpcs;

  function find(id: string): RouteTable {
    const table = routeTables.get(id);
    if (table === null) throw new AwsError('InvalidRouteTableID.NotFound', `The routeTable ID '${id}' does not exist`);
    return table;
  }

  /** Through a peering connection that is not active the route is there and leads nowhere. */
  function requireReachable({ vpcId, routeTableId }: RouteTable, { target }: Route): void {
    if (target.kind !== 'VpcPeeringConnectionId') return;
    const peering = peerings.find(target.id, region);
    const { requester, accepter, state } = peering;
    if (state === 'deleted' || state === 'failed') {
      const message = `The VPC peering connection ${target.id} is ${state}.`;
      throw new AwsError('InvalidStateTransition', message);
    }
    const here = [requester, accepter].some((side) => side.region === region && side.vpcId === vpcId);
    if (here) return;
    const message = `route table ${routeTableId} and peering connection ${target.id} belong to different networks`;
    throw new AwsError('InvalidParameterValue', message);
  }

  function change(input: RouteInput, how: (table: RouteTable, route: Route) => RouteTable): void {
    const table = find(input.RouteTableId ?? '');
    const route = routeFrom(input);
    requireReachable(table, route);
    const changed = how(table, route);
    routeTables.put(table.routeTableId, changed);
  }

  return {
    CreateRoute(input: RouteInput) {
      change(input, withRoute);
      return { Return: true };
    },
    ReplaceRoute: (input: RouteInput) => change(input, withOtherTarget),
    DeleteRoute(input: RouteInput) {
      const table = find(input.RouteTableId ?? '');
      routeTables.put(table.routeTableId, withoutRoute(table, destinationOf(input)));
    },
    DescribeRouteTables(input: DescribeInput & { RouteTableIds?: readonly string[] }) {
      const { items, nextToken } = describing(input, {
        all: routeTables.all(),
        ids: input.RouteTableIds,
        idOf: ({ routeTableId }) => routeTableId,
        find,
        attributes: (table) => attributesOf(table, stateIn(peerings, region)),
      });
      const RouteTables = items.map((table) => toApi(table, account, stateIn(peerings, region)));
      return { RouteTables, ...nextToken };
    },
  };
}

type StateOf = (route: Route) => 'active' | 'blackhole';

/** Routes to peering connections that are gone, or not accepted yet, lead nowhere. */
function stateIn(peerings: Peerings, region: string): StateOf {
  return ({ target }) => {
    if (target.kind !== 'VpcPeeringConnectionId') return 'active';
    const peering = peerings.table.get(target.id);
    const reaches = peering?.state === 'active' && sideIn(peering, region).region === region;
    return reaches ? 'active' : 'blackhole';
  };
}

function toApi(table: RouteTable, OwnerId: string, stateOf: StateOf) {
  const { routeTableId: RouteTableId, vpcId, main, associations, routes, tags } = table;
  const associated = { RouteTableId, AssociationState: { State: 'associated' } };
  const Main = { ...associated, RouteTableAssociationId: `rtbassoc-${RouteTableId.slice('rtb-'.length)}`, Main: true };
  return {
    RouteTableId,
    VpcId: vpcId,
    OwnerId,
    PropagatingVgws: [],
    Associations: [
      ...(main ? [Main] : []),
      ...associations.map(({ associationId, subnetId }) => ({
        ...associated,
        RouteTableAssociationId: associationId,
        SubnetId: subnetId,
        Main: false,
      })),
    ],
    Routes: routes.map((route) => ({
      DestinationCidrBlock: route.destination,
      [route.target.kind]: route.target.id,
      Origin: isLocal(route) ? 'CreateRouteTable' : 'CreateRoute',
      State: stateOf(route),
    })),
    Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
  };
}

function attributesOf(table: RouteTable, stateOf: StateOf) {
  const { routeTableId, vpcId, main, associations, routes, tags } = table;
  const targets = (kind: Route['target']['kind']) =>
    routes.flatMap(({ target }) => (target.kind === kind ? [target.id] : []));
  return {
    'route-table-id': [routeTableId],
    'vpc-id': [vpcId],
    'association.main': [String(main)],
    'association.subnet-id': associations.map(({ subnetId }) => subnetId),
    'association.route-table-association-id': associations.map(({ associationId }) => associationId),
    'route.destination-cidr-block': routes.map(({ destination }) => destination),
    'route.gateway-id': targets('GatewayId'),
    'route.nat-gateway-id': targets('NatGatewayId'),
    'route.vpc-peering-connection-id': targets('VpcPeeringConnectionId'),
    'route.state': routes.map(stateOf),
    ...tagAttributes(tags),
  };
}
