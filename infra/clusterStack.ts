/** The stack of one cluster in one region. */
import { CfnOutput, Fn, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { catalogue } from '../tasks/catalogue.ts';
import { createAlarms, createRotationAlarms, createUpgradeAlarms } from './alarms.ts';
import { tellOfAlarms } from './alarmTopic.ts';
import { bundleAgent, bundleTasks } from './bundle.ts';
import { createClusterAlarms } from './clusterAlarms.ts';
import { createCommandDocument } from './command.ts';
import { createDashboard } from './dashboard.ts';
import { deploymentTasks, publishAgent, publishSettings, startBootstrap } from './deployment.ts';
import { recordStatements, removeRecordsOnDeletion } from './dns.ts';
import { createGroup, createInstanceRole } from './instances.ts';
import { createClusterBootstrap, createRollingUpgrade, createRotateInstances } from './machines.ts';
import { createMetricsLog } from './metrics.ts';
import { acceptNetworkFindings, createNetwork } from './network.ts';
import { grantToAgents } from './permissions.ts';
import { createRecordTable } from './record.ts';
import type { Settings } from './settings.ts';
import { createBucket } from './storage.ts';
import { createTasks } from './tasks.ts';

export interface ClusterStackProps extends StackProps {
  readonly settings: Settings;
  /** Where bundles are written. */
  readonly bundleFolder: string;
}

export class ClusterStack extends Stack {
  private readonly zones: number;

  constructor(scope: Construct, id: string, { settings, bundleFolder, ...props }: ClusterStackProps) {
    super(scope, id, {
      ...props,
      description: `etcd cluster ${settings.cluster}: ${settings.members} members, etcd ${settings.etcdVersion}`,
    });
    this.zones = settings.zones;
    const entries = Object.fromEntries(Object.entries(catalogue).map(([name, { entry }]) => [name, entry]));
    const bundles = bundleTasks(bundleFolder, { ...entries, ...deploymentTasks });

    const network = createNetwork(this, settings);
    const table = createRecordTable(this);
    const bucket = createBucket(this);
    const document = createCommandDocument(this);
    const role = createInstanceRole(this);
    const resources = { table, bucket, cluster: settings.cluster, document: document.ref, scope: this };
    grantToAgents(role, resources);
    const records = { cluster: settings.cluster, hostedZone: network.hostedZone };
    for (const statement of recordStatements(records, ['CREATE', 'UPSERT', 'DELETE'])) role.addToPolicy(statement);
    const metricsLog = createMetricsLog(this, settings.cluster, role);
    const removal = removeRecordsOnDeletion(this, bundles.removeRecords ?? '', records);
    const release = publishAgent(this, bundleAgent(bundleFolder), bundles.publishAgent ?? '', bucket);
    const group = createGroup(this, { settings, network, role, release, tableName: table.tableName });
    // Instances must not boot before they can read the agent, and get out of their subnets.
    group.node.addDependency(release.resource, role, network.vpc, removal);
    const published = publishSettings(this, bundles.publishSettings ?? '', table, {
      Cluster: settings.cluster,
      GroupName: group.autoScalingGroupName,
      Members: String(settings.members),
      HostedZoneId: network.hostedZone.hostedZoneId,
      HostedZoneName: network.hostedZone.zoneName,
      RecordTtlSeconds: String(settings.recordTtlSeconds),
      QuotaBackendBytes: String(settings.quotaMiB * 1024 ** 2),
      CompactionHours: String(settings.compactionHours),
      DefragmentAbovePercent: String(settings.defragmentAbovePercent),
      DefragmentFromMiB: String(settings.defragmentFromMiB),
      LogGroupName: metricsLog.logGroupName,
    });
    const environment = {
      CLUSTER: settings.cluster,
      TABLE: table.tableName,
      GROUP: group.autoScalingGroupName,
      DOCUMENT: document.ref,
      BUCKET: bucket.bucketName,
      ETCD_VERSION: settings.etcdVersion,
      MEMBERS: String(settings.members),
      INSTANCES_IN_SERVICE_TIMEOUT_SECONDS: String(settings.instancesInServiceTimeoutSeconds),
      MEMBER_HEALTHY_TIMEOUT_SECONDS: String(settings.memberHealthyTimeoutSeconds),
    };
    const functions = createTasks(this, { bundles, environment, resources });
    const machine = createClusterBootstrap(this, settings, functions);
    const rotation = createRotateInstances(this, settings, functions);
    const { upgrade, hop } = createRollingUpgrade(this, settings, functions);
    createAlarms(this, settings, machine, group);
    createRotationAlarms(this, settings, rotation);
    createUpgradeAlarms(this, settings, upgrade);
    const { cluster } = settings;
    const alarms = createClusterAlarms(this, settings);
    createDashboard(this, { cluster, group, machines: [machine, rotation, upgrade, hop], alarms });
    const execution = startBootstrap(this, bundles.startBootstrap ?? '', settings.cluster, machine, [group, published]);
    if (settings.alarmTopicArn !== undefined) tellOfAlarms(this, settings.alarmTopicArn);
    acceptNetworkFindings(network);

    const console = `https://${this.region}.console.aws.amazon.com/states/home?region=${this.region}#`;
    this.output('ClusterName', settings.cluster, 'Name of the cluster');
    this.output(
      'WatchBootstrap',
      `${console}/v2/executions/details/${execution}`,
      'The execution that creates the cluster, in the console',
    );
    this.output('FirstExecutionArn', execution, 'ARN of that execution');
    const machineConsole = `${console}/statemachines/view/${machine.stateMachineArn}`;
    this.output('ClusterBootstrapConsole', machineConsole, 'The state machine in the console');
    this.output('ClusterBootstrapArn', machine.stateMachineArn, 'ARN of the state machine');
    this.output('RotateInstancesArn', rotation.stateMachineArn, 'ARN of the state machine that replaces the instances');
    this.output('RollingUpgradeArn', upgrade.stateMachineArn, 'ARN of the state machine that upgrades etcd');
    this.output('GroupName', group.autoScalingGroupName, 'Auto Scaling group of the members');
    this.output('TableName', table.tableName, 'DynamoDB table with the cluster record');
    this.output('BucketName', bucket.bucketName, 'S3 bucket with the agent and releases');
    this.output('DocumentName', document.ref, 'Run Command document that reaches the agents');
    this.output('HostedZoneName', network.hostedZone.zoneName, 'Private hosted zone of the cluster');
    const cloudwatch = `https://${this.region}.console.aws.amazon.com/cloudwatch/home?region=${this.region}#`;
    this.output('DashboardConsole', `${cloudwatch}dashboards/dashboard/etcd-${cluster}`, 'Alarms, members, operations');
    const domain = `${settings.cluster}.${network.hostedZone.zoneName}`;
    this.output('DiscoveryDomain', domain, 'For clients that discover the members by SRV records: --discovery-srv');
    this.output('SecurityGroupId', network.securityGroup.securityGroupId, 'Security group of the members');
  }

  private output(id: string, value: string, description: string): void {
    new CfnOutput(this, id, { value, description });
  }

  /** Zones of whatever region it is deployed to, without a look-up at synth. */
  override get availabilityZones(): string[] {
    return [0, 1, 2].slice(0, this.zones).map((index) => Fn.select(index, Fn.getAzs()));
  }
}
