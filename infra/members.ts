/** What every region has of the cluster: the Run Command document, the instances' role, and their group. */
import type { Stack } from 'aws-cdk-lib';
import type { AutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { mostMembers } from '../tasks/plan/regionLayout.ts';
import { grantToAgents } from './agentPermissions.ts';
import { createCommandDocument } from './command.ts';
import { type Capacity, createGroup, createInstanceRole } from './instances.ts';
import { namedArn, signerName } from './names.ts';
import type { Network } from './network.ts';
import type { Resources } from './permissions.ts';
import type { Settings } from './settings.ts';
import type { AgentRelease } from './userData.ts';

export interface MembersProps {
  readonly settings: Settings;
  readonly network: Network;
  readonly release: AgentRelease;
  readonly resources: Resources;
  readonly capacity: Capacity;
}

export interface Members {
  readonly document: CfnDocument;
  readonly role: Role;
  readonly group: AutoScalingGroup;
}

export function createMembers(scope: Stack, { settings, resources, ...props }: MembersProps): Members {
  const { cluster } = settings;
  const [home = ''] = resources.regions;
  const document = createCommandDocument(scope, cluster);
  const role = createInstanceRole(scope, cluster);
  grantToAgents(role, scope.region, resources);
  const group = createGroup(scope, {
    ...props,
    settings,
    role,
    tableName: resources.table.tableName,
    signer: namedArn(scope, 'lambda', home, 'function', signerName(cluster)),
  });
  group.node.addDependency(role, props.network.vpc);
  return { document, role, group };
}

/**
 * The capacity of a region's group. In one region a deployment keeps the members' number, with room for one more, so that an instance
 * can be replaced by adding its successor first; in two, state machines move members from one to the other.
 * @param least members that the region keeps in any case
 */
export function capacityOf({ regions, members }: Settings, desired: number, least: number): Capacity {
  if (regions === undefined) return { least: members, desired, most: members + 1 };
  return { least, desired, most: mostMembers + 1 };
}
