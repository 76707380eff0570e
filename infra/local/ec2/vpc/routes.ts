/** What route tables hold, and what becomes of it. Pure. */
import { AwsError } from '../../wire/service.ts';
import { canonicalCidr } from './cidr.ts';
import { type Route, type RouteTable, type RouteTarget, targetKinds } from './records.ts';

export type RouteInput = { readonly RouteTableId?: string; readonly DestinationCidrBlock?: string } & {
  readonly [Kind in RouteTarget['kind']]?: string;
};

/** @throws AwsError where the request has no destination, or not one target */
export function routeFrom(input: RouteInput): Route {
  const given = targetKinds.flatMap((kind) => (input[kind] === undefined ? [] : [{ kind, id: input[kind] }]));
  const [target, ...more] = given;
  if (target === undefined || more.length > 0)
    throw new AwsError(
      'InvalidParameterCombination',
      `The request must contain exactly one of ${targetKinds.join(', ')}`,
    );
  return { destination: destinationOf(input), target };
}

/** @throws AwsError where it is no range */
export function destinationOf({ DestinationCidrBlock }: RouteInput): string {
  if (DestinationCidrBlock === undefined)
    throw new AwsError('MissingParameter', 'The request must contain the parameter destinationCidrBlock');
  return canonicalCidr(DestinationCidrBlock, 'destinationCidrBlock');
}

/** @throws AwsError `RouteAlreadyExists` */
export function withRoute(table: RouteTable, route: Route): RouteTable {
  if (routeTo(table, route.destination) !== undefined)
    throw new AwsError('RouteAlreadyExists', `The route identified by ${route.destination} already exists.`);
  return { ...table, routes: [...table.routes, route] };
}

/** @throws AwsError where there is no such route */
export function withOtherTarget(table: RouteTable, route: Route): RouteTable {
  if (routeTo(table, route.destination) === undefined) {
    const message = `There is no route defined for '${route.destination}' in the route table. Use CreateRoute instead.`;
    throw new AwsError('InvalidParameterValue', message);
  }
  return {
    ...table,
    routes: table.routes.map((one) => (one.destination === route.destination ? route : one)),
  };
}

/** @throws AwsError `InvalidRoute.NotFound`; the local route stays */
export function withoutRoute(table: RouteTable, destination: string): RouteTable {
  const route = routeTo(table, destination);
  if (route === undefined) {
    const message = `no route with destination-cidr-block ${destination} in route table ${table.routeTableId}`;
    throw new AwsError('InvalidRoute.NotFound', message);
  }
  if (isLocal(route)) {
    const message = `cannot remove local route ${destination} in route table ${table.routeTableId}`;
    throw new AwsError('InvalidParameterValue', message);
  }
  return { ...table, routes: table.routes.filter((one) => one !== route) };
}

export function isLocal({ target }: Route): boolean {
  return target.id === 'local';
}

function routeTo({ routes }: RouteTable, destination: string): Route | undefined {
  return routes.find((route) => route.destination === destination);
}
