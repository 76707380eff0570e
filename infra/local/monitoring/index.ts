/**
 * CloudWatch and CloudWatch Logs as far as they are used: alarms and log groups are known by name, lines and metrics are kept
 * for reading back, those in the embedded metric format too. What it does not do: evaluate alarms, expressions, log queries.
 */
import { documents } from '../wire/documents.ts';
import type { HomeContext, Service } from '../wire/service.ts';
import { embeddedValues } from './embedded.ts';
import { createLogs, type Logs } from './logs.ts';
import { createMetricStore } from './metricStore.ts';
import { metricOperations } from './metrics.ts';

export interface Monitoring extends Pick<Logs, 'createLogGroup' | 'deleteLogGroup' | 'writeLog'> {
  readonly services: readonly Service[];
  putAlarm(name: string, alarm: Readonly<Record<string, unknown>>): string;
  deleteAlarm(name: string): void;
}

interface Alarm {
  readonly name: string;
  readonly arn: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

export function createMonitoring(context: HomeContext): Monitoring {
  const alarms = documents<Alarm>(context.database, 'monitoring_alarms');
  const store = createMetricStore(context.database);
  const logs = createLogs(context, (message) => {
    for (const { metric, value, unit, atMs } of embeddedValues(message)) store.put(metric, value, unit, atMs);
  });
  const cloudwatch: Service = {
    name: 'monitoring',
    operations: {
      DescribeAlarms: ({ AlarmNames }: { AlarmNames?: readonly string[] }) => ({
        MetricAlarms: alarms
          .all()
          .filter(({ name }) => AlarmNames === undefined || AlarmNames.includes(name))
          .map(({ name, arn: AlarmArn }) => ({ AlarmName: name, AlarmArn, StateValue: 'INSUFFICIENT_DATA' })),
      }),
      ...metricOperations(store),
    },
  };
  const { service, createLogGroup, deleteLogGroup, writeLog } = logs;
  return {
    services: [cloudwatch, service],
    createLogGroup,
    deleteLogGroup,
    writeLog,
    putAlarm(name, properties) {
      const arn = `arn:aws:cloudwatch:${context.region}:${context.account}:alarm:${name}`;
      alarms.put(name, { name, arn, properties });
      return arn;
    },
    deleteAlarm: (name) => alarms.delete(name),
  };
}
