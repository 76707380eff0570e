/** Amazon CloudWatch (Service Authorization Reference: list_amazoncloudwatch). */
import { arnIn } from '../facts.ts';
import { on, onAnything, onResource, type Row } from './row.ts';

export const monitoringActions: Readonly<Record<string, Row>> = {
  ...onResource('cloudwatch', (_input, facts) => arnIn(facts, 'cloudwatch', 'alarm:*'), 'DescribeAlarms'),
  ...onAnything('cloudwatch', 'GetMetricData', 'GetMetricStatistics', 'ListMetrics'),
  PutMetricData: ({ Namespace = '' }: { Namespace?: string }) => [
    on('cloudwatch:PutMetricData', '*', { 'cloudwatch:namespace': [Namespace] }),
  ],
};
