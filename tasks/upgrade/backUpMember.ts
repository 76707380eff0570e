import type { Tasks } from '../catalogue.ts';
import { operationOf } from '../plan/command.ts';
import { command } from './command.ts';

type Input = Tasks['backUpMember']['input'];

/** For each transfer: an hour is 18 GB at 5 MB/s. */
const timeoutMs = 3_600_000;

/** Has a member put a backup of itself into the cluster's bucket. @throws Fault as sendToAgent */
export async function handler(input: Input): Promise<Tasks['backUpMember']['output']> {
  const { execution, hop, format } = input;
  return command(input, 'backUp', { operation: operationOf(execution, hop), format, timeoutMs }, format);
}
