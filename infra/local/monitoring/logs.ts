/** CloudWatch Logs: groups, streams, lines in the order in which they came. */
import type { DatabaseSync } from 'node:sqlite';
import { documents } from '../wire/documents.ts';
import { AwsError, type HomeContext, type Service } from '../wire/service.ts';

export interface Logs {
  readonly service: Service;
  createLogGroup(name: string, retentionDays: number | undefined): string;
  deleteLogGroup(name: string): void;
  /** Appends one line, as Lambda and Step Functions do. */
  writeLog(group: string, stream: string, message: string): void;
}

interface LogGroup {
  readonly name: string;
  readonly arn: string;
  readonly retentionDays: number | null;
}

interface PutLogEvents {
  readonly logGroupName?: string;
  readonly logStreamName?: string;
  readonly logEvents?: readonly { readonly timestamp?: number; readonly message?: string }[];
}

/** Lines kept per log group. */
const keptLines = 10_000;

/** @param heard called with each line that somebody put: it may hold metrics */
export function createLogs(context: HomeContext, heard: (message: string) => void): Logs {
  const { database } = context;
  const groups = documents<LogGroup>(database, 'logs_groups');
  const streams = documents<{ readonly group: string; readonly name: string }>(database, 'logs_streams');
  const lines = linesIn(database);
  const streamId = (group: string, name: string) => `${group}:${name}`;

  function known(name = ''): LogGroup {
    const group = groups.get(name);
    if (group === null) throw new AwsError('ResourceNotFoundException', 'The specified log group does not exist.');
    return group;
  }

  const service: Service = {
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
      CreateLogStream({ logGroupName, logStreamName = '' }: { logGroupName?: string; logStreamName?: string }) {
        const { name: group } = known(logGroupName);
        if (streams.get(streamId(group, logStreamName)) !== null)
          throw new AwsError('ResourceAlreadyExistsException', 'The specified log stream already exists');
        streams.put(streamId(group, logStreamName), { group, name: logStreamName });
        return {};
      },
      PutLogEvents({ logGroupName, logStreamName = '', logEvents = [] }: PutLogEvents) {
        const { name: group } = known(logGroupName);
        if (streams.get(streamId(group, logStreamName)) === null)
          throw new AwsError('ResourceNotFoundException', 'The specified log stream does not exist.');
        const times = logEvents.map(({ timestamp = 0 }) => timestamp);
        if (times.some((time, index) => time < (times[index - 1] ?? 0))) {
          const why = 'Log events in a single PutLogEvents request must be in chronological order.';
          throw new AwsError('InvalidParameterException', why);
        }
        for (const { timestamp = 0, message = '' } of logEvents) {
          lines.append(group, logStreamName, timestamp, message);
          heard(message);
        }
        return { nextSequenceToken: String(lines.count()) };
      },
      FilterLogEvents: ({ logGroupName, limit = 10_000 }: { logGroupName?: string; limit?: number }) => ({
        events: lines.of(known(logGroupName).name, limit),
      }),
    },
  };

  return {
    service,
    createLogGroup(name, retentionDays) {
      const arn = `arn:aws:logs:${context.region}:${context.account}:log-group:${name}`;
      groups.put(name, { name, arn, retentionDays: retentionDays ?? null });
      return arn;
    },
    deleteLogGroup(name) {
      groups.delete(name);
      for (const stream of streams.all())
        if (stream.group === name) streams.delete(streamId(stream.group, stream.name));
      lines.remove(name);
    },
    writeLog: (group, stream, message) => lines.append(group, stream, Date.now(), message),
  };
}

function linesIn(database: DatabaseSync) {
  database.exec(`CREATE TABLE IF NOT EXISTS logs_lines (number INTEGER PRIMARY KEY, log_group TEXT NOT NULL, stream TEXT NOT NULL,
    at INTEGER NOT NULL, message TEXT NOT NULL); CREATE INDEX IF NOT EXISTS logs_by_group ON logs_lines (log_group, number)`);
  const append = database.prepare('INSERT INTO logs_lines (log_group, stream, at, message) VALUES (?, ?, ?, ?)');
  const prune = database.prepare(
    'DELETE FROM logs_lines WHERE log_group = ?1 AND number <= (SELECT number FROM logs_lines WHERE log_group = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)',
  );
  const some = database.prepare('SELECT * FROM logs_lines WHERE log_group = ? ORDER BY number LIMIT ?');
  const last = database.prepare('SELECT max(number) AS number FROM logs_lines');
  const remove = database.prepare('DELETE FROM logs_lines WHERE log_group = ?');
  return {
    append(group: string, stream: string, atMs: number, message: string): void {
      append.run(group, stream, atMs, message);
      prune.run(group, keptLines);
    },
    count: () => Number(last.get()?.number ?? 0),
    of: (group: string, limit: number) =>
      some.all(group, limit).map((row) => ({
        eventId: String(row.number),
        logStreamName: String(row.stream),
        timestamp: Number(row.at),
        ingestionTime: Number(row.at),
        message: String(row.message),
      })),
    remove: (group: string): void => void remove.run(group),
  };
}
