import { memberHealthyTimeoutMs } from '../aws/environment.ts';
import type { Tasks } from '../catalogue.ts';
import { command } from './command.ts';

type Input = Tasks['upgradeMember']['input'];

/** Has a member swap its binary and become healthy again. @throws Fault as sendToAgent */
export async function handler(input: Input): Promise<Tasks['upgradeMember']['output']> {
  const { to: version, snapshotCount, v2Api } = input.hop;
  const timeoutMs = memberHealthyTimeoutMs();
  return command(input, 'upgradeMember', { version, snapshotCount, v2Api, timeoutMs });
}
