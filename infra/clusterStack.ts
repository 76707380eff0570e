/** The stack of the cluster in its home region, for most clusters the only one. */
import type { Construct } from 'constructs';
import { createBootstrapAlarms, createGroupAlarm, createOperationAlarms } from './alarms.ts';
import { tellOfAlarms } from './alarmTopic.ts';
import { createCertificateAuthority } from './certificates.ts';
import { changeOnlyAfter, checkRegions, functionAndPolicy } from './checks.ts';
import { createClusterAlarms } from './clusterAlarms.ts';
import { tellOf, tellOfFirstBootstrap } from './clusterOutputs.ts';
import { createDashboard } from './dashboard.ts';
import { publishAgent, publishSettings, startBootstrap } from './deployment.ts';
import { createHostedZone, publishHostedZone, recordStatements, removeRecordsOnDeletion } from './dns.ts';
import { refuseDeletionOfHome } from './guards.ts';
import {
  createClusterBootstrap,
  createMigrateToTls,
  createMultiregionMigration,
  createReconfigureMembers,
  createRollingUpgrade,
  createRotateCertificateAuthority,
  createRotateInstances,
} from './machines.ts';
import { capacityOf, createMembers } from './members.ts';
import { createMetricsLog } from './metrics.ts';
import { groupName } from './names.ts';
import { acceptNetworkFindings, createNetwork, type Network } from './network.ts';
import { publishVpc } from './peering.ts';
import { createRecordTable } from './record.ts';
import { RegionStack, type RegionStackProps } from './regionStack.ts';
import { createBucket } from './storage.ts';
import { createTasks } from './tasks.ts';

export class ClusterStack extends RegionStack {
  readonly network: Network;

  constructor(scope: Construct, id: string, props: RegionStackProps) {
    const { settings, bundles } = props;
    const { cluster, home } = settings;
    const description = `etcd cluster ${cluster}: ${settings.members} members, etcd ${settings.etcdVersion}`;
    super(scope, id, home.zones, { ...props, description });
    const regions = settings.regions?.map(({ region }) => region) ?? [this.region];
    const regionMembers = settings.regions?.map(({ members }) => members) ?? [home.members];

    const network = createNetwork(this, settings, home, settings.clientSecurityGroups);
    this.network = network;
    const hostedZone = createHostedZone(this, network.vpc, settings);
    const table = createRecordTable(this, cluster);
    const bucket = createBucket(this, cluster);
    const metricsLog = createMetricsLog(this, cluster);
    const resources = { cluster, table, bucket, regions, scope: this };
    const check = checkRegions(this, bundles.functions.checkRegions ?? '', resources);
    const records = { cluster, hostedZone };
    const removal = removeRecordsOnDeletion(this, bundles.functions.removeRecords ?? '', records);
    const release = publishAgent(this, bundles.agent, bundles.functions.publishAgent ?? '', bucket);
    const capacity = capacityOf(settings, home.members, 1);
    const { document, role, group } = createMembers(this, { settings, network, release, resources, capacity });
    for (const statement of recordStatements(records, ['CREATE', 'UPSERT', 'DELETE'])) role.addToPolicy(statement);
    // Instances must not boot before they can read the agent, and get out of their subnets.
    group.node.addDependency(release.resource, removal, metricsLog);
    const signer = createCertificateAuthority(this, {
      settings,
      bundles: bundles.functions,
      zoneName: hostedZone.zoneName,
      resources,
    });
    const published = publishSettings(this, bundles.functions.publishSettings ?? '', table, {
      Cluster: cluster,
      GroupName: group.autoScalingGroupName,
      Members: String(settings.members),
      Regions: regions.join(),
      RegionMembers: regionMembers.join(),
      HostedZoneId: hostedZone.hostedZoneId,
      HostedZoneName: hostedZone.zoneName,
      RecordTtlSeconds: String(settings.recordTtlSeconds),
      QuotaBackendBytes: String(settings.quotaMiB * 1024 ** 2),
      CompactionHours: String(settings.compactionHours),
      DefragmentAbovePercent: String(settings.defragmentAbovePercent),
      DefragmentFromMiB: String(settings.defragmentFromMiB),
      LogGroupName: metricsLog.logGroupName,
    });
    // A region that is left out keeps its members' names, their way home and their certificates until it has none.
    changeOnlyAfter(check, published, network.securityGroup, ...functionAndPolicy(signer));
    const environment = {
      CLUSTER: cluster,
      TABLE: table.tableName,
      GROUP: group.autoScalingGroupName,
      REGIONS: regions.join(),
      REGION_MEMBERS: regionMembers.join(),
      DOCUMENT: document.ref,
      BUCKET: bucket.bucketName,
      ETCD_VERSION: settings.etcdVersion,
      MEMBERS: String(settings.members),
      TLS: String(settings.tls),
      INSTANCES_IN_SERVICE_TIMEOUT_SECONDS: String(settings.instancesInServiceTimeoutSeconds),
      MEMBER_HEALTHY_TIMEOUT_SECONDS: String(settings.memberHealthyTimeoutSeconds),
    };
    const tasks = createTasks(this, {
      bundles: bundles.functions,
      environment,
      resources: { ...resources, hostedZone },
    });
    const functions = { ...tasks, readAuthorities: signer, moveAuthority: signer };
    const machine = createClusterBootstrap(this, settings, functions);
    const rotation = createRotateInstances(this, settings, functions);
    const { upgrade, hop } = createRollingUpgrade(this, settings, functions);
    const reconfigure = createReconfigureMembers(this, settings, functions);
    const migration = createMigrateToTls(this, settings, functions, reconfigure);
    const authority = createRotateCertificateAuthority(this, settings, functions, reconfigure);
    const regionChange = settings.regions && createMultiregionMigration(this, settings, functions);
    createBootstrapAlarms(this, settings, machine);
    createGroupAlarm(this, cluster, group, home.members);
    createOperationAlarms(this, cluster, {
      RotateInstances: rotation,
      RollingUpgrade: upgrade,
      MigrateToTls: migration,
      RotateCertificateAuthority: authority,
      ...(regionChange && { MultiregionMigration: regionChange }),
    });
    const alarms = createClusterAlarms(this, settings);
    createDashboard(this, {
      cluster,
      groups: settings.regions?.map(({ region }) => ({ name: groupName(cluster), region })) ?? [
        { name: group.autoScalingGroupName },
      ],
      machines: [
        machine,
        rotation,
        upgrade,
        hop,
        migration,
        authority,
        reconfigure,
        ...(regionChange ? [regionChange] : []),
      ],
      alarms,
    });
    if (settings.alarmTopicArn !== undefined) tellOfAlarms(this, settings.alarmTopicArn);
    acceptNetworkFindings(network);

    if (settings.regions === undefined) {
      const first = startBootstrap(this, bundles.functions.startBootstrap ?? '', cluster, machine.stateMachineArn);
      first.node.addDependency(machine, group, published);
      tellOfFirstBootstrap(this, first);
    } else {
      publishHostedZone(this, cluster, hostedZone);
      publishVpc(this, cluster, network);
      refuseDeletionOfHome(this, { regions: settings.regions, resources, code: bundles.functions.guardHome ?? '' });
    }
    tellOf(this, {
      cluster,
      machines: { machine, rotation, upgrade, migration, authority, ...(regionChange && { regionChange }) },
      group,
      table,
      bucket,
      document,
      signer,
      network,
      hostedZone,
    });
  }
}
