/** What an operator must hear of. Each alarm has its heading in docs/runbook.md. */
import { Duration } from 'aws-cdk-lib';
import type { AutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling';
import { Alarm, ComparisonOperator, type IMetric, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { Settings } from './settings.ts';

export function createAlarms(
  scope: Construct,
  { cluster, members }: Settings,
  machine: StateMachine,
  group: AutoScalingGroup,
): void {
  const period = Duration.minutes(1);
  const ended = {
    ClusterBootstrapFailed: machine.metricFailed({ period }),
    ClusterBootstrapTimedOut: machine.metricTimedOut({ period }),
  };
  alarmAtOnce(scope, ended, `etcd ${cluster}: the cluster was not created (docs/runbook.md#bootstrap-failed)`);
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

/** A rotation that failed has put the group back where it could, but the rest of its instances are not replaced. */
export function createRotationAlarms(scope: Construct, { cluster }: Settings, machine: StateMachine): void {
  const period = Duration.minutes(1);
  const ended = {
    RotateInstancesFailed: machine.metricFailed({ period }),
    RotateInstancesTimedOut: machine.metricTimedOut({ period }),
    RotateInstancesAborted: machine.metricAborted({ period }),
  };
  alarmAtOnce(scope, ended, `etcd ${cluster}: instances were not all replaced (docs/runbook.md#rotation-failed)`);
}

/** An upgrade that ends so keeps the lock where it had it: an operator has to decide how it goes on. */
export function createUpgradeAlarms(scope: Construct, { cluster }: Settings, machine: StateMachine): void {
  const period = Duration.minutes(1);
  const ended = {
    RollingUpgradeFailed: machine.metricFailed({ period }),
    RollingUpgradeTimedOut: machine.metricTimedOut({ period }),
    RollingUpgradeAborted: machine.metricAborted({ period }),
  };
  alarmAtOnce(scope, ended, `etcd ${cluster}: an upgrade of etcd did not succeed (docs/runbook.md#upgrade-halted)`);
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
