import { memberHealthyTimeoutMs } from '../aws/environment.ts';
import { sendToAgent } from '../aws/runCommand.ts';
import { heartbeatSeconds } from '../bootstrap/awaitMemberHealth.ts';
import type { Tasks } from '../catalogue.ts';
import { commandId } from '../plan/command.ts';

type Input = Tasks['awaitSuccessorHealth']['input'];

/** Has the new member itself tell when it is healthy: what others list says little of it. @throws Fault as awaitMemberHealth */
export async function handler(input: Input): Promise<Tasks['awaitSuccessorHealth']['output']> {
  const { execution, token, successor, taskToken } = input;
  const id = commandId(execution, 'awaitHealthy', successor.name, 1);
  const timeoutMs = memberHealthyTimeoutMs();
  await sendToAgent(successor.instanceId, {
    command: 'awaitHealthy',
    id,
    input: { members: [], etcdVersion: null, timeoutMs },
    taskToken,
    heartbeatSeconds,
    fencingToken: token,
  });
  return { commandId: id };
}
