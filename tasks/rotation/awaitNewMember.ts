import { memberHealthyTimeoutMs } from '../aws/environment.ts';
import { sendToAgent } from '../aws/runCommand.ts';
import { heartbeatSeconds } from '../bootstrap/awaitMemberHealth.ts';
import type { Tasks } from '../catalogue.ts';
import { commandId } from '../plan/command.ts';

type Input = Tasks['awaitNewMember']['input'];

/** Has a member tell when another one is there. @throws Fault as awaitMemberHealth */
export async function handler(input: Input): Promise<Tasks['awaitNewMember']['output']> {
  const { execution, token, old, witness, known, taskToken } = input;
  const id = commandId(execution, 'awaitNewMember', old, 1);
  await sendToAgent(witness, {
    command: 'awaitNewMember',
    id,
    input: { knownMembers: known, timeoutMs: memberHealthyTimeoutMs() },
    taskToken,
    heartbeatSeconds,
    fencingToken: token,
  });
  return { commandId: id };
}
