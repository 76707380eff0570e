/** The stacks of one cluster in two regions: deployed in the awkward order, connected, kept from a deletion that costs the quorum, deleted. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DeleteRouteCommand,
  DescribeRouteTablesCommand,
  DescribeVpcPeeringConnectionsCommand,
  EC2Client,
  type Route,
} from '@aws-sdk/client-ec2';
import { GetHostedZoneCommand, Route53Client } from '@aws-sdk/client-route-53';
import { SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { followExecution } from '../../infra/executions/follow.ts';
import { type Home, type HomeRegion, openHome } from '../../infra/local/home.ts';
import { deployCluster, type Prepared, prepareCluster } from '../../infra/local/start/deploy.ts';
import { eventually, statusOf } from './cluster.ts';
import { type Granted, grantsOf, isNeeded, type Recording, recordAccess } from './permissions.ts';

jest.setTimeout(300_000);

const [west, central] = ['eu-west-1', 'eu-central-1'] as const;
const stacks = { home: 'etcd-etcd', other: `etcd-etcd-${central}`, peering: 'etcd-etcd-peering' } as const;
const regions = [
  { region: west, members: 3 },
  { region: central, members: 2 },
];

const settings = { regions, recordTtlSeconds: 1, tls: true };

let folder: string;
let prepared: Prepared;
let home: Home;
let other: HomeRegion;
let recording: Recording;
/** Of the functions that connect the regions and guard them, while they are there. */
let granted: readonly (Granted & { readonly needed: () => boolean })[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'region-stacks-'));
  prepared = await prepareCluster({ etcd: '3.5.35' }, settings);
  home = await openHome({ folder });
  recording = recordAccess(home);
});
afterAll(async () => {
  await home?.close();
  rmSync(folder, { recursive: true, force: true });
});

const clientOf = (region: string) => ({ endpoint: home.endpoint, credentials: home.credentials, region });
const ec2 = (region: string) => new EC2Client(clientOf(region));
const connections = async () => {
  const { VpcPeeringConnections = [] } = await ec2(west).send(new DescribeVpcPeeringConnectionsCommand({}));
  return VpcPeeringConnections.map(({ VpcPeeringConnectionId, Status }) => ({
    id: VpcPeeringConnectionId,
    status: Status?.Code,
  }));
};
/** Of the route tables that have a route into a peering connection. */
const routesInto = async (region: string): Promise<Route[][]> => {
  const { RouteTables = [] } = await ec2(region).send(new DescribeRouteTablesCommand({}));
  const into = RouteTables.map(({ Routes = [] }) => Routes.filter((route) => route.VpcPeeringConnectionId));
  return into.filter(({ length }) => length > 0);
};
const destinations = (tables: Route[][]) =>
  tables.map((routes) => routes.map((one) => one.DestinationCidrBlock).sort());
const phases = async (region: Pick<HomeRegion, 'instances'>) =>
  Promise.all((await region.instances()).map(async ({ address }) => (await statusOf(address))?.phase ?? null));

/** What nothing here needs, and is needed all the same. */
const elsewhere = [
  // Where somebody else deleted the connection: test/tasks/plan/peering.test.ts.
  /ReplaceRoute/,
  // The other region's own function has undone it, with the same statements; not so where one VPC is replaced, or the first deployment fails.
  /^ConnectRegions.* ec2:Delete(Route|VpcPeeringConnection) /,
];

describe('two regions', () => {
  test('may be deployed with the home region last: instances of the other one wait for the agent', async () => {
    await home.deploy(prepared.assembly, { only: [stacks.other] });
    other = await home.region(central);
    await eventually('two instances of the other region', async () => (await other.instances()).length === 2);
    expect(await phases(other)).toEqual([null, null]);
  });

  test('become one cluster as soon as they are connected', async () => {
    await deployCluster(home, prepared);
    const execution = home.stackOutputs[stacks.peering]?.FirstExecutionArn ?? '';
    const end = await followExecution(new SFNClient(clientOf(west)), execution, () => {}, wait);
    expect(end).toEqual({ status: 'SUCCEEDED' });
    expect(await phases(home)).toEqual(['running', 'running', 'running']);
    expect(await phases(other)).toEqual(['running', 'running']);
  });

  test('have routes to each other’s members, from members’ subnets, and see the hosted zone from both', async () => {
    expect((await connections()).map(({ status }) => status)).toEqual(['active']);
    const [atHome, elsewhere] = [42, 43].map((second) => [3, 4, 5].map((third) => `10.${second}.${third}.0/24`));
    expect(destinations(await routesInto(west))).toEqual([elsewhere, elsewhere, elsewhere]);
    expect(destinations(await routesInto(central))).toEqual([atHome, atHome, atHome]);
    const { VPCs = [] } = await new Route53Client(clientOf(west)).send(
      new GetHostedZoneCommand({ Id: await zoneId() }),
    );
    expect(VPCs.map(({ VPCRegion }) => VPCRegion).sort()).toEqual([central, west]);
  });

  test('are connected once, however often they are deployed', async () => {
    const before = await connections();
    await deployCluster(home, prepared);
    expect(await connections()).toEqual(before);
  });

  test('are connected again as they are to be where the settings ask for it', async () => {
    const before = await routesInto(central);
    const [{ routeTableId } = { routeTableId: '' }] = other.services.vpcs.routeTables
      .all()
      .filter(({ routes }) => routes.some(({ target }) => target.kind === 'VpcPeeringConnectionId'));
    await ec2(central).send(
      new DeleteRouteCommand({ RouteTableId: routeTableId, DestinationCidrBlock: '10.42.3.0/24' }),
    );
    await deployCluster(home, prepared);
    expect(destinations(await routesInto(central))).not.toEqual(destinations(before));
    await deployCluster(home, await prepareCluster({ etcd: '3.5.35' }, { ...settings, connectionRevision: 2 }));
    expect(destinations(await routesInto(central))).toEqual(destinations(before));
  });

  test('have functions of their own for it, whose permissions are noted', () => {
    const own = /^(ConnectRegions|TellVpc|GuardDeletion)Role/;
    const inBoth = [home, { ...home, context: other.context, services: { ...home.services, ...other.services } }];
    granted = inBoth
      .flatMap(grantsOf)
      .filter(({ role }) => own.test(role))
      .map((grant) => {
        const statements = home.services.roles.statementsOf(grant.roleName) ?? [];
        return { ...grant, needed: () => isNeeded(grant, statements, recording.needed(grant.roleName)) };
      });
    expect(new Set(granted.map(({ roleName }) => roleName)).size).toBe(4);
  });

  test('are protected: nobody deletes one of them by a command alone, and nothing changes where somebody tries', async () => {
    for (const stack of Object.values(stacks))
      await expect(home.destroyStack(stack)).rejects.toThrow(
        'cannot be deleted while TerminationProtection is enabled',
      );
    expect(await phases(home)).toEqual(['running', 'running', 'running']);
    expect(await phases(other)).toEqual(['running', 'running']);
    expect((await connections()).map(({ status }) => status)).toEqual(['active']);
    // It can still be updated.
    await deployCluster(home, prepared);
  });

  test('let the other one go: its members leave, home serves on, and nothing of the connection is left', async () => {
    home.protectStack(stacks.other, false);
    await home.destroyStack(stacks.other);
    expect(await other.instances()).toEqual([]);
    expect(await phases(home)).toEqual(['running', 'running', 'running']);
    // They left, and were not removed when they had gone.
    const members = await Promise.all((await home.instances()).map(async ({ address }) => statusOf(address)));
    for (const status of members) expect(status?.member?.members).toHaveLength(3);
    expect(await routesInto(west)).toEqual([]);
    expect((await connections()).filter(({ status }) => status !== 'deleted')).toEqual([]);
  });

  test('are one cluster again when the other one is deployed anew, with another VPC', async () => {
    await deployCluster(home, prepared);
    expect((await connections()).filter(({ status }) => status === 'active')).toHaveLength(1);
    expect(await routesInto(west)).toHaveLength(3);
    await eventually(
      'two members in the other region',
      async () => (await phases(other)).filter((phase) => phase === 'running').length === 2,
      120_000,
    );
  });

  test('keep home and the connection while the other region has instances', async () => {
    // From here on none of them can be updated any more: a refused deletion ends so.
    for (const stack of Object.values(stacks)) home.protectStack(stack, false);
    await expect(home.destroyStack(stacks.home)).rejects.toThrow(`delete the stack ${stacks.other} first`);
    await expect(home.destroyStack(stacks.peering)).rejects.toThrow(`npx cdk destroy --exclusively ${stacks.other}`);
    expect(await phases(home)).toEqual(['running', 'running', 'running']);
    expect((await connections()).filter(({ status }) => status === 'active')).toHaveLength(1);
    const updated = home.deploy(prepared.assembly, { only: [stacks.home] });
    await expect(updated).rejects.toThrow('is in DELETE_FAILED state and can not be updated');
  });

  test('keep the other region while home could not go on alone', async () => {
    const { autoscaling } = home.services;
    autoscaling.updateGroup('etcd-etcd', { desiredCapacity: 2 });
    await eventually('two members at home', async () => (await phases(home)).length === 2, 120_000);
    await expect(home.destroyStack(stacks.other)).rejects.toThrow('are no quorum');
    autoscaling.updateGroup('etcd-etcd', { desiredCapacity: 3 });
    await eventually(
      'three members at home',
      async () => (await phases(home)).filter((phase) => phase === 'running').length === 3,
      120_000,
    );
  });

  test('go at last, the second region first, when they are deleted again', async () => {
    await home.destroyStack(stacks.other);
    await home.destroyStack(stacks.peering);
    expect(await phases(home)).toEqual(['running', 'running', 'running']);
    expect(await routesInto(west)).toEqual([]);
  });

  test('needed every permission of those functions, and were refused none', () => {
    const unneeded = granted.filter(({ needed }) => !needed());
    const named = unneeded.map(({ role, action, resource }) => `${role} ${action} on ${resource}`);
    expect(named.filter((one) => !elsewhere.some((other) => other.test(one)))).toEqual([]);
    for (const one of elsewhere) expect(named).toContainEqual(expect.stringMatching(one));
    expect(recording.refused().filter((one) => !one.includes(' s3:ListBucket '))).toEqual([]);
  });
});

async function zoneId(): Promise<string> {
  return home.services.ssm.parameters.value('/etcd-appliance/etcd/hosted-zone-id');
}

function wait(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 250));
}
