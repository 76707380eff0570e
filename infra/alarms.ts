/** What an operator must hear of. Each alarm has its heading in docs/runbook.md. */
import { Duration } from 'aws-cdk-lib';
import type { AutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling';
import { Alarm, ComparisonOperator, type IMetric, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { Settings } from './settings.ts';

export function createBootstrapAlarms(scope: Construct, { cluster }: Settings, machine: StateMachine): void {
  const period = Duration.minutes(1);
  const ended = {
    ClusterBootstrapFailed: machine.metricFailed({ period }),
    ClusterBootstrapTimedOut: machine.metricTimedOut({ period }),
  };
  alarmAtOnce(scope, ended, `etcd ${cluster}: the cluster was not created (docs/runbook.md#bootstrap-failed)`);
}

/**
 * Of the group of one region.
 * @param members that the deployment asks for there
 */
export function createGroupAlarm(scope: Construct, cluster: string, group: AutoScalingGroup, members: number): void {
  const period = Duration.minutes(1);
  new Alarm(scope, 'InstancesMissing', {
    metric: new Metric({
      namespace: 'AWS/AutoScaling',
      metricName: 'GroupInServiceInstances',
      dimensionsMap: { AutoScalingGroupName: group.autoScalingGroupName },
      statistic: 'Minimum',
      period,
    }),
    threshold: members,
    evaluationPeriods: 10,
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    treatMissingData: TreatMissingData.BREACHING,
    alarmDescription: `etcd ${cluster}: fewer than ${members} instances in service for 10 minutes (docs/runbook.md#instances-missing)`,
  });
}

/** What is told where an operation did not succeed, with its heading in the runbook. */
const operations = {
  RotateInstances: 'instances were not all replaced (docs/runbook.md#rotation-failed)',
  RollingUpgrade: 'an upgrade of etcd did not succeed (docs/runbook.md#upgrade-halted)',
  MigrateToTls: 'members do not serve as asked for (docs/runbook.md#migration-halted)',
  RotateCertificateAuthority: 'the certificate authority was not replaced (docs/runbook.md#authority-rotation-halted)',
  MultiregionMigration: 'members are not in the regions as asked for (docs/runbook.md#regions-halted)',
} as const;

/**
 * Of the operations that an operator starts: a rotation that fails has put the group back where it could, every other keeps the lock
 * where it had it, so that somebody has to decide how it goes on.
 */
export function createOperationAlarms(
  scope: Construct,
  cluster: string,
  machines: Readonly<Partial<Record<keyof typeof operations, StateMachine>>>,
): void {
  const period = Duration.minutes(1);
  for (const [name, what] of Object.entries(operations)) {
    const machine = machines[name as keyof typeof operations];
    if (machine === undefined) continue;
    const ended = {
      [`${name}Failed`]: machine.metricFailed({ period }),
      [`${name}TimedOut`]: machine.metricTimedOut({ period }),
      [`${name}Aborted`]: machine.metricAborted({ period }),
    };
    alarmAtOnce(scope, ended, `etcd ${cluster}: ${what}`);
  }
}

/** One execution that ended so is enough. */
function alarmAtOnce(scope: Construct, metrics: Readonly<Record<string, IMetric>>, alarmDescription: string): void {
  for (const [id, metric] of Object.entries(metrics)) {
    new Alarm(scope, id, {
      metric,
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription,
    });
  }
}
