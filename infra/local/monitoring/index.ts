/**
 * CloudWatch and CloudWatch Logs as far as they are used: alarms and log groups are known by name, metric data is kept for
 * reading back. What it does not do: evaluate alarms, statistics over periods, log queries.
 */
import { documents } from '../wire/documents.ts';
import { AwsError, type HomeContext, type Service } from '../wire/service.ts';

export interface Monitoring {
  readonly services: readonly Service[];
  putAlarm(name: string, alarm: Readonly<Record<string, unknown>>): string;
  deleteAlarm(name: string): void;
  createLogGroup(name: string, retentionDays: number | undefined): string;
  deleteLogGroup(name: string): void;
  /** Appends one line to a log group, as Lambda and Step Functions do. */
  writeLog(group: string, stream: string, message: string): void;
}

interface Alarm {
  readonly name: string;
  readonly arn: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

interface LogGroup {
  readonly name: string;
  readonly arn: string;
  readonly retentionDays: number | null;
}

/** Lines kept per log group. */
const keptLines = 10_000;

export function createMonitoring(context: HomeContext): Monitoring {
  const alarms = documents<Alarm>(context.database, 'monitoring_alarms');
  const groups = documents<LogGroup>(context.database, 'logs_groups');
  const { database } = context;
  database.exec(`CREATE TABLE IF NOT EXISTS logs_lines (number INTEGER PRIMARY KEY, log_group TEXT NOT NULL, stream TEXT NOT NULL,
    at INTEGER NOT NULL, message TEXT NOT NULL); CREATE INDEX IF NOT EXISTS logs_by_group ON logs_lines (log_group, number)`);
  const append = database.prepare('INSERT INTO logs_lines (log_group, stream, at, message) VALUES (?, ?, ?, ?)');
  const prune = database.prepare(
    'DELETE FROM logs_lines WHERE log_group = ?1 AND number <= (SELECT number FROM logs_lines WHERE log_group = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)',
  );
  const arn = (service: string, rest: string) => `arn:aws:${service}:${context.region}:${context.account}:${rest}`;
  const cloudwatch: Service = {
    name: 'monitoring',
    operations: {
      DescribeAlarms: ({ AlarmNames }: { AlarmNames?: readonly string[] }) => ({
        MetricAlarms: alarms
          .all()
          .filter(({ name }) => AlarmNames === undefined || AlarmNames.includes(name))
          .map(({ name, arn: AlarmArn }) => ({ AlarmName: name, AlarmArn, StateValue: 'INSUFFICIENT_DATA' })),
      }),
    },
  };
  const logs: Service = {
    name: 'logs',
    operations: {
      DescribeLogGroups: ({ logGroupNamePrefix = '' }: { logGroupNamePrefix?: string }) => ({
        logGroups: groups
          .all()
          .filter(({ name }) => name.startsWith(logGroupNamePrefix))
          .map(({ name, arn: logGroupArn, retentionDays }) => ({
            logGroupName: name,
            logGroupArn,
            arn: `${logGroupArn}:*`,
            ...(retentionDays !== null && { retentionInDays: retentionDays }),
          })),
      }),
      FilterLogEvents: ({ logGroupName = '', limit = 10_000 }: { logGroupName?: string; limit?: number }) => {
        if (groups.get(logGroupName) === null)
          throw new AwsError('ResourceNotFoundException', 'The specified log group does not exist.');
        const rows = database
          .prepare('SELECT * FROM logs_lines WHERE log_group = ? ORDER BY number LIMIT ?')
          .all(logGroupName, limit);
        return {
          events: rows.map((row) => ({
            eventId: String(row.number),
            logStreamName: String(row.stream),
            timestamp: Number(row.at),
            ingestionTime: Number(row.at),
            message: String(row.message),
          })),
        };
      },
    },
  };
  return {
    services: [cloudwatch, logs],
    putAlarm(name, properties) {
      const alarm = { name, arn: arn('cloudwatch', `alarm:${name}`), properties };
      alarms.put(name, alarm);
      return alarm.arn;
    },
    deleteAlarm: (name) => alarms.delete(name),
    createLogGroup(name, retentionDays) {
      const group = { name, arn: arn('logs', `log-group:${name}`), retentionDays: retentionDays ?? null };
      groups.put(name, group);
      return group.arn;
    },
    deleteLogGroup(name) {
      groups.delete(name);
      database.prepare('DELETE FROM logs_lines WHERE log_group = ?').run(name);
    },
    writeLog(group, stream, message) {
      append.run(group, stream, Date.now(), message);
      prune.run(group, keptLines);
    },
  };
}
