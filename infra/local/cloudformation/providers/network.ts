/** VPCs, subnets, route tables and security groups. */
import { canonicalCidr } from '../../ec2/vpc/cidr.ts';
import type { Peerings } from '../../ec2/vpc/peerings.ts';
import type { RouteTable, Subnet, Vpcs } from '../../ec2/vpc/records.ts';
import { type RouteInput, routeFrom, withOtherTarget, withoutRoute, withRoute } from '../../ec2/vpc/routes.ts';
import {
  type Provider,
  type Providers,
  type ResourceRequest,
  refuseReplacement,
  resourceId,
  tagsOf,
  text,
} from '../provider.ts';
import { securityGroups } from './securityGroups.ts';

type Properties = ResourceRequest['properties'];

export function networkProviders(records: Vpcs, peerings: Peerings): Providers {
  return {
    'AWS::EC2::VPC': vpc(records, peerings),
    'AWS::EC2::Subnet': subnet(records),
    'AWS::EC2::RouteTable': routeTable(records),
    'AWS::EC2::SubnetRouteTableAssociation': association(records),
    'AWS::EC2::Route': route(records),
    ...securityGroups(records),
  };
}

function vpc({ vpcs, routeTables, securityGroups }: Vpcs, peerings: Peerings): Provider {
  return {
    create({ properties }) {
      const vpcId = resourceId('vpc');
      const cidr = canonicalCidr(text(properties, 'CidrBlock') ?? '', 'cidrBlock');
      vpcs.put(vpcId, { vpcId, cidr, tags: tagsOf(properties.Tags) });
      const main = { ...newTable(vpcId, cidr), main: true };
      routeTables.put(main.routeTableId, main);
      const groupId = resourceId('sg');
      const description = 'default VPC security group';
      securityGroups.put(groupId, { groupId, name: 'default', description, vpcId, rules: [], tags: {} });
      const attributes = { VpcId: vpcId, CidrBlock: cidr, CidrBlockAssociations: [], DefaultSecurityGroup: groupId };
      return { physicalId: vpcId, attributes: { ...attributes, DefaultNetworkAcl: resourceId('acl') } };
    },
    update({ properties }, existing) {
      refuseReplacement(properties, existing, 'CidrBlock');
      const before = vpcs.get(existing.physicalId);
      if (before !== null) vpcs.put(before.vpcId, { ...before, tags: tagsOf(properties.Tags) });
      return existing;
    },
    delete({ physicalId }) {
      for (const { routeTableId, vpcId } of routeTables.all())
        if (vpcId === physicalId) routeTables.delete(routeTableId);
      for (const { groupId, vpcId } of securityGroups.all()) if (vpcId === physicalId) securityGroups.delete(groupId);
      vpcs.delete(physicalId);
      peerings.vpcDeleted(physicalId);
    },
  };
}

function subnet({ subnets }: Vpcs): Provider {
  const put = (subnetId: string, properties: Properties): Subnet => {
    const made = {
      subnetId,
      zone: text(properties, 'AvailabilityZone') ?? '',
      vpcId: text(properties, 'VpcId') ?? '',
      cidr: canonicalCidr(text(properties, 'CidrBlock') ?? '', 'cidrBlock'),
      mapPublicIp: text(properties, 'MapPublicIpOnLaunch') === 'true',
      tags: tagsOf(properties.Tags),
    };
    subnets.put(subnetId, made);
    return made;
  };
  return {
    create({ properties }) {
      const { subnetId, zone, vpcId, cidr } = put(resourceId('subnet'), properties);
      const attributes = { SubnetId: subnetId, AvailabilityZone: zone, VpcId: vpcId, CidrBlock: cidr };
      return { physicalId: subnetId, attributes };
    },
    update({ properties }, existing) {
      refuseReplacement(properties, existing, 'AvailabilityZone', 'CidrBlock', 'VpcId');
      put(existing.physicalId, properties);
      return existing;
    },
    delete: ({ physicalId }) => subnets.delete(physicalId),
  };
}

function routeTable({ vpcs, routeTables }: Vpcs): Provider {
  return {
    create({ properties }) {
      const vpcId = text(properties, 'VpcId') ?? '';
      const made = { ...newTable(vpcId, vpcs.get(vpcId)?.cidr ?? ''), tags: tagsOf(properties.Tags) };
      routeTables.put(made.routeTableId, made);
      return { physicalId: made.routeTableId, attributes: { RouteTableId: made.routeTableId } };
    },
    update({ properties }, existing) {
      refuseReplacement(properties, existing, 'VpcId');
      const before = routeTables.get(existing.physicalId);
      if (before !== null) routeTables.put(before.routeTableId, { ...before, tags: tagsOf(properties.Tags) });
      return existing;
    },
    delete: ({ physicalId }) => routeTables.delete(physicalId),
  };
}

function newTable(vpcId: string, cidr: string): RouteTable {
  const local = { destination: cidr, target: { kind: 'GatewayId', id: 'local' } as const };
  return { routeTableId: resourceId('rtb'), vpcId, main: false, associations: [], routes: [local], tags: {} };
}

function association({ routeTables }: Vpcs): Provider {
  const tableOf = (properties: Properties) => routeTables.get(text(properties, 'RouteTableId') ?? '');
  return {
    create({ properties }) {
      const associationId = resourceId('rtbassoc');
      const table = tableOf(properties);
      const associated = { associationId, subnetId: text(properties, 'SubnetId') ?? '' };
      if (table === null) throw new Error(`its route table ${properties.RouteTableId} is not one of this home`);
      routeTables.put(table.routeTableId, { ...table, associations: [...table.associations, associated] });
      return { physicalId: associationId, attributes: { Id: associationId } };
    },
    delete({ physicalId, properties }) {
      const table = tableOf(properties);
      if (table === null) return;
      const associations = table.associations.filter(({ associationId }) => associationId !== physicalId);
      routeTables.put(table.routeTableId, { ...table, associations });
    },
  };
}

function route({ routeTables }: Vpcs): Provider {
  const change = (properties: Properties, how: (table: RouteTable) => RouteTable) => {
    const id = text(properties, 'RouteTableId') ?? '';
    const table = routeTables.get(id);
    if (table === null) throw new Error(`its route table ${id} is not one of this home`);
    routeTables.put(id, how(table));
  };
  return {
    create({ properties }) {
      const made = routeFrom(properties as RouteInput);
      change(properties, (table) => withRoute(table, made));
      return { physicalId: `${properties.RouteTableId}|${made.destination}`, attributes: {} };
    },
    update({ properties }, existing) {
      refuseReplacement(properties, existing, 'RouteTableId', 'DestinationCidrBlock');
      change(properties, (table) => withOtherTarget(table, routeFrom(properties as RouteInput)));
      return existing;
    },
    delete: ({ properties }) =>
      change(properties, (table) => withoutRoute(table, routeFrom(properties as RouteInput).destination)),
  };
}
