import { memberHealthyTimeoutMs } from '../aws/environment.ts';
import { sendToAgent } from '../aws/runCommand.ts';
import { heartbeatSeconds } from '../bootstrap/awaitMemberHealth.ts';
import type { Tasks } from '../catalogue.ts';
import { commandId } from '../plan/command.ts';

type Input = Tasks['awaitMemberGone']['input'];

/** Has another member tell when the old one is not listed any more. @throws Fault as awaitMemberHealth */
export async function handler(input: Input): Promise<Tasks['awaitMemberGone']['output']> {
  const { execution, token, leaving, taskToken } = input;
  const id = commandId(execution, 'awaitMemberGone', leaving.old, 1);
  await sendToAgent(leaving.witness, {
    command: 'awaitMemberGone',
    id,
    input: { name: leaving.old, timeoutMs: memberHealthyTimeoutMs() },
    taskToken,
    heartbeatSeconds,
    fencingToken: token,
  });
  return { commandId: id };
}
