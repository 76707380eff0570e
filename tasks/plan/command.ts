/** Names of the commands that state machines send. Pure. */
import type { CommandName } from '../../agent/protocol.ts';
import type { Hop } from '../catalogue.ts';

/** `execution/state/member/attempt`, the execution by its name. */
export function commandId(executionArn: string, command: CommandName, member: string, attempt: number): string {
  return `${executionArn.split(':').at(-1)}/${command}/${member}/${attempt}`;
}

export function healthCommandId(executionArn: string, member: string, attempt: number): string {
  return commandId(executionArn, 'awaitHealthy', member, attempt);
}

/** Of a hop: an execution that goes on with it has another name, and so other commands. */
export function hopCommandId(executionArn: string, command: CommandName, { kind, to }: Hop, member: string): string {
  return `${executionArn.split(':').at(-1)}/${kind}-${to}/${command}/${member}`;
}

/** How a hop's backups are named: at most 100 letters, digits and . _ - */
export function operationOf(executionArn: string, { kind, to }: Hop): string {
  const execution = executionArn.split(':').at(-1) ?? '';
  return `${execution.slice(-60)}-before-${kind}-${to}`;
}
