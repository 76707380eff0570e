/** How the tasks of a hop hand a command to a member's agent. */
import type { CommandName, Commands } from '../../agent/protocol.ts';
import { sendToAgent } from '../aws/runCommand.ts';
import { heartbeatSeconds } from '../bootstrap/awaitMemberHealth.ts';
import type { MemberTaskInput } from '../catalogue.ts';
import { hopCommandId } from '../plan/command.ts';

/**
 * Sent again, it has the same id: the agent does nothing twice.
 * @param of tells commands of one name apart
 * @throws Fault as sendToAgent
 */
export async function command<Name extends CommandName>(
  { execution, token, hop, member, taskToken }: MemberTaskInput,
  name: Name,
  input: Commands[Name]['input'],
  of = '',
): Promise<{ commandId: string }> {
  const id = `${hopCommandId(execution, name, hop, member)}${of && `/${of}`}`;
  await sendToAgent(member, { command: name, id, input, taskToken, heartbeatSeconds, fencingToken: token });
  return { commandId: id };
}
