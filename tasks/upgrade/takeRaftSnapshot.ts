import { memberHealthyTimeoutMs } from '../aws/environment.ts';
import type { Tasks } from '../catalogue.ts';
import { command } from './command.ts';

type Input = Tasks['takeRaftSnapshot']['input'];

/** Has a member take a raft snapshot. @throws Fault as sendToAgent */
export async function handler(input: Input): Promise<Tasks['takeRaftSnapshot']['output']> {
  return command(input, 'takeRaftSnapshot', {
    timeoutMs: memberHealthyTimeoutMs(),
  });
}
