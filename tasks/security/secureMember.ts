import { memberHealthyTimeoutMs } from '../aws/environment.ts';
import { sendToAgent } from '../aws/runCommand.ts';
import { heartbeatSeconds } from '../bootstrap/awaitMemberHealth.ts';
import type { Tasks } from '../catalogue.ts';
import { securityCommandId } from '../plan/command.ts';

type Input = Tasks['secureMember']['input'];

/** Has a member serve as it is to, and become healthy again. @throws Fault as sendToAgent */
export async function handler(input: Input): Promise<Tasks['secureMember']['output']> {
  const { execution, token, wanted, member, taskToken } = input;
  const id = securityCommandId(execution, wanted, member);
  await sendToAgent(member, {
    command: 'secureMember',
    id,
    input: { ...wanted, timeoutMs: memberHealthyTimeoutMs() },
    taskToken,
    heartbeatSeconds,
    fencingToken: token,
  });
  return { commandId: id };
}
