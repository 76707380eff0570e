/** Security groups of a region's members: of those that are there, and of those that its group would launch. */
import {
  DescribeInstancesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeSecurityGroupsCommand,
  EC2Client,
  type IpPermission,
} from '@aws-sdk/client-ec2';
import type { MemberSecurity, SecurityRule } from '../plan/securityRules.ts';
import type { Placement } from './group.ts';
import { perRegion } from './regions.ts';

const client = perRegion((region) => new EC2Client({ region, maxAttempts: 6 }));

/** Each set of groups that members have together, once. A security group that is gone admits nothing. */
export async function readSecurity(
  region: string,
  instanceIds: readonly string[],
  template: Placement['template'],
): Promise<readonly MemberSecurity[]> {
  const sets = [await groupsOfTemplate(region, template), ...(await groupsOfInstances(region, instanceIds))];
  const distinct = new Map(sets.map((ids) => [[...ids].sort().join(), ids]));
  return Promise.all(
    [...distinct.values()].map(async (ids) => {
      if (ids.length === 0) return { region, groups: [] };
      const Filters = [{ Name: 'group-id', Values: [...ids] }];
      const { SecurityGroups = [] } = await client(region).send(new DescribeSecurityGroupsCommand({ Filters }));
      const groups = ids.map((id) => {
        const found = SecurityGroups.find(({ GroupId }) => GroupId === id);
        const [inbound, outbound] = [found?.IpPermissions ?? [], found?.IpPermissionsEgress ?? []];
        return { id, inbound: inbound.flatMap(rulesOf), outbound: outbound.flatMap(rulesOf) };
      });
      return { region, groups };
    }),
  );
}

async function groupsOfTemplate(region: string, { id, version }: Placement['template']): Promise<readonly string[]> {
  const { LaunchTemplateVersions = [] } = await client(region).send(
    new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId: id, Versions: [version] }),
  );
  const { SecurityGroupIds, NetworkInterfaces = [] } = LaunchTemplateVersions[0]?.LaunchTemplateData ?? {};
  return SecurityGroupIds ?? NetworkInterfaces[0]?.Groups ?? [];
}

/** Those that are going have none. */
async function groupsOfInstances(region: string, InstanceIds: readonly string[]): Promise<readonly string[][]> {
  if (InstanceIds.length === 0) return [];
  const { Reservations = [] } = await client(region).send(
    new DescribeInstancesCommand({ InstanceIds: [...InstanceIds] }),
  );
  return Reservations.flatMap(({ Instances = [] }) => Instances)
    .map(({ SecurityGroups = [] }) => SecurityGroups.map(({ GroupId = '' }) => GroupId))
    .filter((ids) => ids.length > 0);
}

/** Ports are absent where the protocol is all of them. */
function rulesOf({ IpProtocol: protocol = '', FromPort, ToPort, IpRanges = [] }: IpPermission): SecurityRule[] {
  const [fromPort, toPort] = [FromPort ?? 0, ToPort ?? 65_535];
  return IpRanges.map(({ CidrIp: block = '' }) => ({ protocol, fromPort, toPort, block }));
}
