/** Alarms on what the agents say of the cluster: one row each, with its heading in docs/runbook.md. */
import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { agentMetric } from './metrics.ts';
import type { Settings } from './settings.ts';

interface Row {
  readonly id: string;
  /** What is the matter, after the cluster's name. */
  readonly says: string;
  readonly heading: string;
  readonly metric: IMetric;
  readonly is: 'at least' | 'below';
  readonly threshold: number;
  /** Periods in a row. */
  readonly periods: number;
  /**
   * `ignore`: keeps the state; what the leader's agent tells is missing just when things are worst. `fine`: nobody is left who
   * could be in that state. `breaching`: that it is missing is the matter.
   */
  readonly missing?: 'ignore' | 'fine' | 'breaching';
}

const missingData = {
  ignore: TreatMissingData.IGNORE,
  fine: TreatMissingData.NOT_BREACHING,
  breaching: TreatMissingData.BREACHING,
} as const;

/** @returns all of them, for the dashboard */
export function createClusterAlarms(scope: Construct, settings: Settings): readonly Alarm[] {
  return rows(settings).map(
    ({ id, says, heading, metric, is, threshold, periods, missing = 'ignore' }) =>
      new Alarm(scope, id, {
        metric,
        threshold,
        evaluationPeriods: periods,
        comparisonOperator:
          is === 'below'
            ? ComparisonOperator.LESS_THAN_THRESHOLD
            : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: missingData[missing],
        alarmDescription: `etcd ${settings.cluster}: ${says} (docs/runbook.md#${heading})`,
      }),
  );
}

function rows({ cluster, members, certificateDays }: Settings): readonly Row[] {
  const of = (...metric: AgentMetric) => agentMetric(cluster, ...metric);
  return [
    {
      id: 'QuorumAtRisk',
      says: members < 3 ? 'the quorum is lost' : 'the loss of one more member loses the quorum',
      heading: 'quorum-at-risk',
      metric: of('QuorumMargin', 'Minimum'),
      is: 'below',
      // One or two members have nothing to spare when all is well.
      threshold: members < 3 ? 0 : 1,
      periods: 3,
    },
    {
      id: 'NoLeader',
      says: 'no member has a leader',
      heading: 'no-leader',
      metric: of('HasLeader', 'Maximum'),
      is: 'below',
      threshold: 1,
      periods: 3,
    },
    {
      id: 'MemberMissing',
      says: 'fewer healthy members than wanted for 10 minutes',
      heading: 'member-missing',
      metric: of('MembersMissing', 'Minimum'),
      is: 'at least',
      threshold: 1,
      periods: 10,
    },
    {
      id: 'MemberWaitingToJoin',
      says: 'an instance has been waiting to join for 15 minutes',
      heading: 'member-waiting-to-join',
      metric: of('WaitingToJoin', 'Maximum'),
      is: 'at least',
      threshold: 1,
      periods: 15,
      missing: 'fine',
    },
    {
      id: 'NewcomerLate',
      says: 'a member was added and is no voter yet, for 10 minutes',
      heading: 'newcomer-late',
      metric: of('LateNewcomers', 'Minimum'),
      is: 'at least',
      threshold: 1,
      periods: 10,
    },
    {
      id: 'MemberLeaving',
      says: 'an instance has been leaving for 10 minutes',
      heading: 'member-leaving',
      metric: of('Leaving', 'Maximum'),
      is: 'at least',
      threshold: 1,
      // Before the lifecycle hook times out and the group terminates it anyway.
      periods: 10,
      missing: 'fine',
    },
    {
      id: 'DeadMember',
      says: 'the member of an instance that is gone has not been removed for 10 minutes',
      heading: 'dead-member',
      metric: of('DeadMembers', 'Minimum'),
      is: 'at least',
      threshold: 1,
      periods: 10,
    },
    {
      id: 'SurplusMembers',
      says: 'more members than the group wants for 30 minutes',
      heading: 'surplus-members',
      metric: of('SurplusMembers', 'Minimum'),
      is: 'at least',
      threshold: 1,
      periods: 30,
    },
    {
      id: 'VersionSkew',
      says: 'members have run different versions for 2 hours',
      heading: 'version-skew',
      metric: of('VersionSkew', 'Minimum', 300),
      is: 'at least',
      threshold: 1,
      periods: 24,
    },
    {
      id: 'NoSpace',
      says: 'a member has the alarm NOSPACE: writes are refused',
      heading: 'no-space',
      metric: of('NoSpaceAlarms', 'Maximum'),
      is: 'at least',
      threshold: 1,
      periods: 1,
    },
    {
      id: 'Corrupt',
      says: 'a member has the alarm CORRUPT',
      heading: 'corrupt-member',
      metric: of('CorruptAlarms', 'Maximum'),
      is: 'at least',
      threshold: 1,
      periods: 1,
    },
    {
      id: 'DatabaseNearQuota',
      says: 'the database is at 80 % of its quota',
      heading: 'database-near-quota',
      metric: new MathExpression({
        expression: '100 * size / quota',
        usingMetrics: { size: of('DatabaseSize', 'Maximum'), quota: of('DatabaseQuota', 'Minimum') },
        label: 'Database, percent of its quota',
        period: Duration.minutes(1),
      }),
      is: 'at least',
      threshold: 80,
      periods: 5,
    },
    {
      id: 'CertificatesNotRenewed',
      says: 'the certificates of a member have a quarter of their life left, where they are renewed at half',
      heading: 'certificates-not-renewed',
      metric: of('CertificateLifeLeft', 'Minimum'),
      is: 'below',
      threshold: (certificateDays * 86_400) / 4,
      periods: 5,
      missing: 'fine',
    },
    {
      id: 'MemberCrashLooping',
      says: 'etcd exits again and again',
      heading: 'member-crash-looping',
      metric: of('CrashLooping', 'Maximum'),
      is: 'at least',
      threshold: 1,
      periods: 2,
      missing: 'fine',
    },
    {
      id: 'AgentRestarting',
      says: 'agents were started anew five times in 15 minutes',
      heading: 'agent-restarting',
      metric: of('AgentRestarts', 'Sum', 900),
      is: 'at least',
      threshold: 5,
      periods: 1,
      missing: 'fine',
    },
    {
      id: 'LockHeldForHours',
      says: 'the lock has been held for 4 hours',
      heading: 'lock-held',
      metric: of('LockHeldFor', 'Maximum'),
      is: 'at least',
      threshold: 4 * 3600,
      periods: 1,
    },
    {
      id: 'DnsNotOurs',
      says: 'somebody else has one of the cluster’s DNS names',
      heading: 'dns-not-ours',
      metric: of('DnsNotOurs', 'Maximum'),
      is: 'at least',
      threshold: 1,
      periods: 5,
    },
    {
      id: 'DnsUnknown',
      says: 'the DNS records have not been read or changed for 10 minutes',
      heading: 'dns-unknown',
      metric: of('DnsUnknown', 'Minimum'),
      is: 'at least',
      threshold: 1,
      periods: 10,
    },
    {
      id: 'MetricsMissing',
      says: 'fewer agents than members have told of themselves for 10 minutes',
      heading: 'metrics-missing',
      // Each agent tells once a minute.
      metric: of('MemberHealthy', 'SampleCount'),
      is: 'below',
      threshold: members,
      periods: 10,
      missing: 'breaching',
    },
  ];
}

type AgentMetric = Parameters<typeof agentMetric> extends [string, ...infer Rest] ? Rest : never;
