/** The operations that describe VPCs, subnets and security groups. */
import { AwsError, type HomeContext, type Service } from '../../wire/service.ts';
import { type DescribeInput, describing } from '../describing.ts';
import { tagAttributes } from '../filters.ts';
import type { SecurityGroup, SecurityRule, Subnet, Tags, Vpc, Vpcs } from './records.ts';

export function vpcOperations({ account }: HomeContext, records: Vpcs): Service['operations'] {
  const { vpcs, subnets, securityGroups } = records;
  const found = <T>(item: T | null, code: string, what: string): T => {
    if (item === null) throw new AwsError(code, `The ${what} does not exist`);
    return item;
  };
  return {
    DescribeVpcs(input: DescribeInput & { VpcIds?: readonly string[] }) {
      const { items, nextToken } = describing(input, {
        all: vpcs.all(),
        ids: input.VpcIds,
        idOf: ({ vpcId }) => vpcId,
        find: (id) => found(vpcs.get(id), 'InvalidVpcID.NotFound', `vpc ID '${id}'`),
        attributes: ({ vpcId, cidr, tags }) => ({
          'vpc-id': [vpcId],
          cidr: [cidr],
          'cidr-block-association.cidr-block': [cidr],
          'is-default': ['false'],
          state: ['available'],
          'owner-id': [account],
          ...tagAttributes(tags),
        }),
      });
      return { Vpcs: items.map((vpc) => vpcToApi(vpc, account)), ...nextToken };
    },
    DescribeSubnets(input: DescribeInput & { SubnetIds?: readonly string[] }) {
      const { items, nextToken } = describing(input, {
        all: subnets.all(),
        ids: input.SubnetIds,
        idOf: ({ subnetId }) => subnetId,
        find: (id) => found(subnets.get(id), 'InvalidSubnetID.NotFound', `subnet ID '${id}'`),
        attributes: ({ subnetId, vpcId, zone, cidr, mapPublicIp, tags }) => ({
          'subnet-id': [subnetId],
          'vpc-id': [vpcId],
          'availability-zone': [zone],
          'cidr-block': [cidr],
          'map-public-ip-on-launch': [String(mapPublicIp)],
          'default-for-az': ['false'],
          state: ['available'],
          'owner-id': [account],
          ...tagAttributes(tags),
        }),
      });
      return { Subnets: items.map((subnet) => subnetToApi(subnet, account)), ...nextToken };
    },
    DescribeSecurityGroups(input: DescribeInput & { GroupIds?: readonly string[] }) {
      const { items, nextToken } = describing(input, {
        all: securityGroups.all(),
        ids: input.GroupIds,
        idOf: ({ groupId }) => groupId,
        find: (id) => found(securityGroups.get(id), 'InvalidGroup.NotFound', `security group '${id}'`),
        attributes: ({ groupId, name, description, vpcId, rules, tags }) => ({
          'group-id': [groupId],
          'group-name': [name],
          description: [description],
          'vpc-id': [vpcId],
          'owner-id': [account],
          'ip-permission.cidr': ingress(rules).flatMap(({ cidr }) => cidr ?? []),
          'ip-permission.group-id': ingress(rules).flatMap((rule) => rule.groupId ?? []),
          'ip-permission.from-port': ingress(rules).flatMap(({ fromPort = [] }) => String(fromPort)),
          'ip-permission.to-port': ingress(rules).flatMap(({ toPort = [] }) => String(toPort)),
          ...tagAttributes(tags),
        }),
      });
      return { SecurityGroups: items.map((group) => groupToApi(group, account)), ...nextToken };
    },
  };
}

const tagsToApi = (tags: Tags) => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
const ingress = (rules: readonly SecurityRule[]) => rules.filter(({ direction }) => direction === 'ingress');

function vpcToApi({ vpcId, cidr, tags }: Vpc, OwnerId: string) {
  const association = { AssociationId: `vpc-cidr-assoc-${vpcId.slice('vpc-'.length)}`, CidrBlock: cidr };
  return {
    VpcId: vpcId,
    OwnerId,
    CidrBlock: cidr,
    CidrBlockAssociationSet: [{ ...association, CidrBlockState: { State: 'associated' } }],
    InstanceTenancy: 'default',
    IsDefault: false,
    State: 'available',
    Tags: tagsToApi(tags),
  };
}

function subnetToApi({ subnetId, vpcId, zone, cidr, mapPublicIp, tags }: Subnet, OwnerId: string) {
  return {
    SubnetId: subnetId,
    VpcId: vpcId,
    OwnerId,
    AvailabilityZone: zone,
    CidrBlock: cidr,
    MapPublicIpOnLaunch: mapPublicIp,
    DefaultForAz: false,
    State: 'available',
    Tags: tagsToApi(tags),
  };
}

function groupToApi({ groupId, name, description, vpcId, rules, tags }: SecurityGroup, OwnerId: string) {
  return {
    GroupId: groupId,
    GroupName: name,
    Description: description,
    VpcId: vpcId,
    OwnerId,
    IpPermissions: permissions(ingress(rules), OwnerId),
    IpPermissionsEgress: permissions(
      rules.filter(({ direction }) => direction === 'egress'),
      OwnerId,
    ),
    Tags: tagsToApi(tags),
  };
}

/** Rules of the same protocol and ports are one permission. */
function permissions(rules: readonly SecurityRule[], UserId: string) {
  const groups = Map.groupBy(rules, ({ protocol, fromPort, toPort }) => `${protocol} ${fromPort} ${toPort}`);
  return [...groups.values()].map((same) => {
    const { protocol, fromPort, toPort } = same[0] as SecurityRule;
    return {
      IpProtocol: protocol,
      ...(fromPort !== undefined && { FromPort: fromPort }),
      ...(toPort !== undefined && { ToPort: toPort }),
      IpRanges: same.flatMap(({ cidr, description }) =>
        cidr === undefined ? [] : [{ CidrIp: cidr, ...(description !== undefined && { Description: description }) }],
      ),
      UserIdGroupPairs: same.flatMap(({ groupId, description }) =>
        groupId === undefined
          ? []
          : [{ GroupId: groupId, UserId, ...(description !== undefined && { Description: description }) }],
      ),
      Ipv6Ranges: [],
      PrefixListIds: [],
    };
  });
}
