/** Custom resources that refuse the deletion of a region's stack while the cluster needs it. */
import { CfnCustomResource, type Stack } from 'aws-cdk-lib';
import { groupName } from './names.ts';
import { type Grant, grantOf, joined, type Resources } from './permissions.ts';
import type { TwoRegions } from './regions.ts';
import { createFunction } from './tasks.ts';

export interface GuardProps {
  readonly regions: TwoRegions;
  readonly resources: Resources;
  /** Folder of the function. */
  readonly code: string;
}

/** Of home, while the other region's group is there. Call it when all else is in the stack. */
export function refuseDeletionOfHome(scope: Stack, { regions: [, other], resources, code }: GuardProps): void {
  createGuard(scope, {
    code,
    description: `etcd ${resources.cluster}: refuses the deletion of the home region before that of the other one`,
    region: other.region,
    resources,
    grant: grantOf('describeGroup', resources),
  });
}

/** Of the other region, while the rest could not go on without its members. Call it when all else is in the stack. */
export function refuseDeletionOfRegion(scope: Stack, { regions: [, other], resources, code }: GuardProps): void {
  createGuard(scope, {
    code,
    description: `etcd ${resources.cluster}: refuses the deletion of a region whose members the quorum needs`,
    region: other.region,
    resources,
    grant: joined(grantOf('describeGroup', resources), grantOf('readRecord', resources)),
  });
}

interface Guard {
  readonly code: string;
  readonly description: string;
  /** The other one, whichever is guarded. */
  readonly region: string;
  readonly resources: Resources;
  readonly grant: Grant;
}

/** CloudFormation deletes in the opposite order of dependencies: the guard before anything else of its stack. */
function createGuard(scope: Stack, { code, description, region, resources, grant }: Guard): void {
  const { cluster, table, regions } = resources;
  const others = scope.node.children;
  const guard = createFunction(scope, 'GuardDeletion', {
    code,
    description,
    timeoutSeconds: 60,
    memoryMiB: 256,
    environment: { CLUSTER: cluster, TABLE: table.tableName, GROUP: groupName(cluster), REGIONS: regions.join() },
    grant,
  });
  const resource = new CfnCustomResource(scope, 'DeletionGuard', {
    serviceToken: guard.functionArn,
    serviceTimeout: 120,
  });
  resource.addOverride('Type', 'Custom::DeletionGuard');
  resource.addPropertyOverride('Region', region);
  if (guard.role) resource.node.addDependency(guard.role);
  resource.node.addDependency(...others);
}
