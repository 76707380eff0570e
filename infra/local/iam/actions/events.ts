/** Amazon EventBridge (Service Authorization Reference: list_amazoneventbridge): what Step Functions asks for, and nobody else here. */
import { arnIn } from '../facts.ts';
import { onResource, type Row } from './row.ts';

export const eventsActions: Readonly<Record<string, Row>> = onResource(
  'events',
  ({ Name = '' }: { Name?: string }, facts) => arnIn(facts, 'events', `rule/${Name}`),
  'DescribeRule',
  'PutRule',
  'PutTargets',
);
