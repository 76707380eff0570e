/** Names of the commands that state machines send. Pure. */
import type { CommandName } from '../../agent/protocol.ts';

/** `execution/state/member/attempt`, the execution by its name. */
export function commandId(executionArn: string, command: CommandName, member: string, attempt: number): string {
  return `${executionArn.split(':').at(-1)}/${command}/${member}/${attempt}`;
}

export function healthCommandId(executionArn: string, member: string, attempt: number): string {
  return commandId(executionArn, 'awaitHealthy', member, attempt);
}
