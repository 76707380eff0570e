/** What refuses a deployment before it has changed anything that members live by. */
import { CfnCustomResource, CfnResource, type Stack } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { IConstruct } from 'constructs';
import { groupName } from './names.ts';
import { grantOf, joined, type Resources } from './permissions.ts';
import { createFunction } from './tasks.ts';

/**
 * A custom resource that fails where the settings leave out a region in which the cluster still lives. Of the home region, also where the settings name no other: that is how one is left out. CloudFormation asks it when the stack is made and
 * whenever the regions change, and never else.
 * @param code folder of `deploy/checkRegions`
 */
export function checkRegions(scope: Stack, code: string, resources: Resources): CfnCustomResource {
  const { cluster, table, regions } = resources;
  const check = createFunction(scope, 'CheckRegions', {
    code,
    description: `etcd ${cluster}: refuses a deployment that leaves out a region with instances`,
    timeoutSeconds: 60,
    memoryMiB: 256,
    environment: { CLUSTER: cluster, TABLE: table.tableName, GROUP: groupName(cluster), REGIONS: regions.join() },
    grant: joined(grantOf('readRecord', resources), grantOf('describeGroup', resources)),
  });
  const resource = new CfnCustomResource(scope, 'RegionsCheck', {
    serviceToken: check.functionArn,
    serviceTimeout: 120,
  });
  resource.addOverride('Type', 'Custom::RegionsCheck');
  resource.addPropertyOverride('Regions', regions.join());
  if (check.role) resource.node.addDependency(check.role);
  return resource;
}

/** Where the check fails, these are as they were, and so is all that depends on them. */
export function changeOnlyAfter(check: CfnCustomResource, ...constructs: readonly IConstruct[]): void {
  for (const construct of constructs) {
    const resource = CfnResource.isCfnResource(construct) ? construct : (construct.node.defaultChild as CfnResource);
    resource.addResourceDependency(check);
  }
}

/** A function, and what it may do. */
export function functionAndPolicy(one: LambdaFunction): readonly IConstruct[] {
  const policy = one.role?.node.tryFindChild('DefaultPolicy');
  return policy === undefined ? [one] : [one, policy];
}
