import { sendToAgent } from '../aws/runCommand.ts';
import type { Tasks } from '../catalogue.ts';
import { healthCommandId } from '../plan/command.ts';
import { commandState } from '../plan/commandState.ts';

type Input = Tasks['describeMember']['input'];

/** Looks into the agent's ledger after a lost callback. @throws Fault as awaitMemberHealth */
export async function handler({ execution, attempt, member }: Input): Promise<Tasks['describeMember']['output']> {
  const commandId = healthCommandId(execution, member.name, attempt);
  // Each look is a command of its own: a repeated id would answer what was seen the first time.
  const id = `${commandId}/describe/${Date.now()}`;
  const reply = await sendToAgent(member.instanceId, { command: 'describe', id, input: { commandId } });
  return commandState(reply.entry, member.name, attempt);
}
