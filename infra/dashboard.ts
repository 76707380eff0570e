/** The cluster on one page of CloudWatch: its alarms, quorum and members, the group, the operations. */
import { Duration } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  MathExpression,
  Metric,
  PeriodOverride,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { type ClusterMetric, type MemberMetric, metricNamespace, metricPeriodSeconds } from '#etcd/metrics.ts';
import { agentMetric } from './metrics.ts';

export interface DashboardProps {
  readonly cluster: string;
  /** Of each region, home first. */
  readonly groups: readonly GroupPlace[];
  readonly machines: readonly StateMachine[];
  readonly alarms: readonly Alarm[];
}

export interface GroupPlace {
  readonly name: string;
  /** Absent: that of the dashboard. */
  readonly region?: string;
}

const period = Duration.seconds(metricPeriodSeconds);

export function createDashboard(scope: Construct, { cluster, groups, machines, alarms }: DashboardProps): Dashboard {
  const of = (name: MemberMetric | ClusterMetric, statistic: 'Minimum' | 'Maximum') =>
    agentMetric(cluster, name, statistic);
  const members = (title: string, name: MemberMetric) => graph(title, [ofEachMember(cluster, name)], 8);
  return new Dashboard(scope, 'Dashboard', {
    dashboardName: `etcd-${cluster}`,
    defaultInterval: Duration.hours(3),
    periodOverride: PeriodOverride.INHERIT,
    widgets: [
      [new AlarmStatusWidget({ title: `etcd ${cluster}: alarms`, alarms: [...alarms], width: 24, height: 4 })],
      [
        graph('Members', [
          of('MembersWanted', 'Maximum'),
          of('Voters', 'Maximum'),
          of('HealthyVoters', 'Minimum'),
          of('Learners', 'Maximum'),
        ]),
        graph('Healthy voters that may fail', [of('QuorumMargin', 'Minimum')]),
        graph('Leader', [of('HasLeader', 'Maximum'), of('LeaderChanges', 'Maximum')]),
      ],
      [
        graph('Housekeeping finds', [
          of('DeadMembers', 'Maximum'),
          of('LateNewcomers', 'Maximum'),
          of('TooFewMembers', 'Maximum'),
          of('SurplusMembers', 'Maximum'),
          of('VersionSkew', 'Maximum'),
        ]),
        graph('Lock held, seconds', [of('LockHeldFor', 'Maximum')]),
        graph('Alarms of etcd, DNS', [
          of('NoSpaceAlarms', 'Maximum'),
          of('CorruptAlarms', 'Maximum'),
          of('DnsNotOurs', 'Maximum'),
          of('DnsUnknown', 'Maximum'),
        ]),
      ],
      [
        members('Healthy, by member', 'MemberHealthy'),
        members('Database size, by member', 'DatabaseSize'),
        members('Database size in use, by member', 'DatabaseSizeInUse'),
      ],
      [
        members('Leader, by member', 'IsLeader'),
        members('Crashes of etcd, by member', 'EtcdCrashes'),
        members('Restarts of the agent, by member', 'AgentRestarts'),
      ],
      [
        ...groups.map(ofInstances),
        ...machines.map((machine) =>
          graph(machine.node.id, [
            machine.metricStarted({ period }),
            machine.metricSucceeded({ period }),
            machine.metricFailed({ period }),
            machine.metricTimedOut({ period }),
            machine.metricAborted({ period }),
          ]),
        ),
      ],
    ],
  });
}

function graph(title: string, left: IMetric[], width = 8): GraphWidget {
  return new GraphWidget({ title, left, width, height: 6, leftYAxis: { min: title.includes('may fail') ? -1 : 0 } });
}

/** Instances come and go, so their metrics are searched for. */
function ofEachMember(cluster: string, name: MemberMetric): MathExpression {
  const where = `{${metricNamespace},Cluster,Member} Cluster="${cluster}" MetricName="${name}"`;
  return new MathExpression({
    expression: `SEARCH('${where}', 'Maximum', ${metricPeriodSeconds})`,
    usingMetrics: {},
    label: '',
    period,
  });
}

function ofInstances({ name, region }: GroupPlace): GraphWidget {
  const metrics = [
    'GroupDesiredCapacity',
    'GroupInServiceInstances',
    'GroupPendingInstances',
    'GroupTerminatingInstances',
  ];
  const title = region === undefined ? 'Instances of the group' : `Instances of the group in ${region}`;
  return graph(
    title,
    metrics.map(
      (metricName) =>
        new Metric({
          namespace: 'AWS/AutoScaling',
          metricName,
          dimensionsMap: { AutoScalingGroupName: name },
          statistic: 'Maximum',
          period,
          ...(region !== undefined && { region }),
        }),
    ),
  );
}
