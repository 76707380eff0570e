/** Amazon CloudWatch Logs (Service Authorization Reference: list_amazoncloudwatchlogs). */
import { arnIn, type Facts } from '../facts.ts';
import { onResource, type Row } from './row.ts';

interface Input {
  readonly logGroupName?: string;
  readonly logStreamName?: string;
}

/** AWS evaluates, and names in its refusals, `log-group:NAME:log-stream:STREAM`; of a group alone with an empty stream. */
const streamArn = ({ logGroupName = '', logStreamName = '' }: Input, facts: Facts) =>
  arnIn(facts, 'logs', `log-group:${logGroupName}:log-stream:${logStreamName}`);

export const logsActions: Readonly<Record<string, Row>> = onResource(
  'logs',
  streamArn,
  'CreateLogStream',
  'DescribeLogGroups',
  'FilterLogEvents',
  'PutLogEvents',
);
