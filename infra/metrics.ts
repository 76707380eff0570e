/** The agents' metrics: the log group they come through, and how alarms and the dashboard name them. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { type ClusterMetric, type MemberMetric, metricNamespace, metricPeriodSeconds } from '#etcd/metrics.ts';
import { metricsLogName } from './names.ts';

/** Of all regions, in the home region. */
export function createMetricsLog(scope: Construct, cluster: string): LogGroup {
  return new LogGroup(scope, 'AgentMetrics', {
    logGroupName: metricsLogName(cluster),
    retention: RetentionDays.THREE_MONTHS,
    removalPolicy: RemovalPolicy.DESTROY,
  });
}

/** A metric of the cluster, or that of all its members together. */
export function agentMetric(
  cluster: string,
  metricName: MemberMetric | ClusterMetric,
  statistic: 'Minimum' | 'Maximum' | 'Sum' | 'SampleCount',
  periodSeconds: number = metricPeriodSeconds,
): Metric {
  return new Metric({
    namespace: metricNamespace,
    metricName,
    dimensionsMap: { Cluster: cluster },
    statistic,
    period: Duration.seconds(periodSeconds),
  });
}
