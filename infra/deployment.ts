/** What a deployment does by itself: puts the agent's bundle into the cluster's bucket, starts ClusterBootstrap. */
import { CfnCustomResource, type Stack } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { bucketKeys } from '../agent/protocol.ts';
import type { SettingsProperties } from '../tasks/plan/clusterSettings.ts';
import type { AgentBundle } from './bundle.ts';
import { ownItems } from './permissions.ts';
import { createFunction } from './tasks.ts';
import type { AgentRelease } from './userData.ts';

/** Name -> entry of the deployment's own Lambdas, which no state machine calls. */
export const deploymentTasks = {
  publishAgent: 'deploy/publishAgent',
  startBootstrap: 'deploy/startBootstrap',
  publishSettings: 'deploy/publishSettings',
  removeRecords: 'deploy/removeRecords',
  connectRegions: 'deploy/connectRegions',
  tellVpc: 'deploy/tellVpc',
  guardHome: 'deploy/guardHome',
  guardRegion: 'deploy/guardRegion',
  checkRegions: 'deploy/checkRegions',
} as const;

export interface PublishedAgent extends AgentRelease {
  /** Instances must not boot before it is there. */
  readonly resource: CfnCustomResource;
}

export function publishAgent(scope: Stack, bundle: AgentBundle, code: string, bucket: Bucket): PublishedAgent {
  const asset = new Asset(scope, 'AgentBundle', { path: bundle.file });
  const key = bucketKeys.agent(bundle.sha256);
  const publish = createFunction(scope, 'PublishAgent', {
    code,
    description: "Copies the agent's bundle into the cluster's bucket",
    timeoutSeconds: 60,
    memoryMiB: 256,
    environment: {},
    grant: {
      statements: [
        new PolicyStatement({ actions: ['s3:GetObject'], resources: [asset.bucket.arnForObjects(asset.s3ObjectKey)] }),
        new PolicyStatement({ actions: ['s3:PutObject'], resources: [bucket.arnForObjects('agent/*')] }),
      ],
      wildcards: [
        {
          resource: /^Resource::<Bucket\w+\.Arn>\/agent\/\*$/,
          reason: 'The key of a bundle is its hash: each is another.',
        },
      ],
    },
  });
  const resource = new CfnCustomResource(scope, 'AgentRelease', {
    serviceToken: publish.functionArn,
    serviceTimeout: 120,
  });
  resource.addOverride('Type', 'Custom::AgentRelease');
  for (const [name, value] of Object.entries({
    SourceBucket: asset.s3BucketName,
    SourceKey: asset.s3ObjectKey,
    Bucket: bucket.bucketName,
    Key: key,
  })) {
    resource.addPropertyOverride(name, value);
  }
  if (publish.role) resource.node.addDependency(publish.role);
  return { region: scope.region, bucket: bucket.bucketName, key, sha256: bundle.sha256, resource };
}

/** Agents read what it wrote: instances need not be replaced for a changed setting. */
export function publishSettings(
  scope: Stack,
  code: string,
  table: Table,
  properties: SettingsProperties,
): CfnCustomResource {
  const write = createFunction(scope, 'PublishSettings', {
    code,
    description: 'Writes the settings of the cluster record',
    timeoutSeconds: 60,
    memoryMiB: 256,
    environment: { TABLE: table.tableName, CLUSTER: properties.Cluster, REGIONS: properties.Regions },
    grant: {
      statements: [ownItems({ table, cluster: properties.Cluster }, 'dynamodb:PutItem')],
      wildcards: [],
    },
  });
  const resource = new CfnCustomResource(scope, 'ClusterSettings', {
    serviceToken: write.functionArn,
    serviceTimeout: 120,
  });
  resource.addOverride('Type', 'Custom::ClusterSettings');
  for (const [name, value] of Object.entries(properties)) resource.addPropertyOverride(name, value);
  if (write.role) resource.node.addDependency(write.role);
  return resource;
}

/** @returns the custom resource, whose attribute `ExecutionArn` is that of the execution that the first deployment started */
export function startBootstrap(scope: Stack, code: string, cluster: string, machineArn: string): CfnCustomResource {
  const start = createFunction(scope, 'StartBootstrap', {
    code,
    description: 'Starts ClusterBootstrap when the stack is created',
    timeoutSeconds: 60,
    memoryMiB: 256,
    environment: {},
    grant: {
      statements: [new PolicyStatement({ actions: ['states:StartExecution'], resources: [machineArn] })],
      wildcards: [],
    },
  });
  const resource = new CfnCustomResource(scope, 'FirstBootstrap', {
    serviceToken: start.functionArn,
    serviceTimeout: 120,
  });
  resource.addOverride('Type', 'Custom::FirstBootstrap');
  resource.addPropertyOverride('StateMachineArn', machineArn);
  resource.addPropertyOverride('Cluster', cluster);
  if (start.role) resource.node.addDependency(start.role);
  return resource;
}
