/** Names of the commands that state machines send. Pure. */
import type { CommandName, WantedSecurity } from '../../agent/protocol.ts';
import type { Hop } from '../catalogue.ts';

/** `execution/state/member/attempt`, the execution by its name. */
export function commandId(executionArn: string, command: CommandName, member: string, attempt: number): string {
  return `${executionArn.split(':').at(-1)}/${command}/${member}/${attempt}`;
}

export function healthCommandId(executionArn: string, member: string, attempt: number): string {
  return commandId(executionArn, 'awaitHealthy', member, attempt);
}

/** One for each thing that a member is to become. */
export function securityCommandId(executionArn: string, wanted: WantedSecurity, member: string): string {
  const short = (fingerprint: string) => fingerprint.slice(0, 12);
  const how = [wanted.transport, short(wanted.issuer), ...wanted.trusted.map(short)].join('-');
  return `${executionArn.split(':').at(-1)}/${how}/secureMember/${member}`;
}

/** Of a hop: an execution that goes on with it has another name, and so other commands. Two restarts of a release differ in how. */
export function hopCommandId(executionArn: string, command: CommandName, hop: Hop, member: string): string {
  const { kind, to, snapshotCount, v2Api, deletesV2Keys } = hop;
  const how = `${snapshotCount}${v2Api ? '-v2' : ''}${deletesV2Keys ? '-delete' : ''}`;
  return `${executionArn.split(':').at(-1)}/${kind}-${to}-${how}/${command}/${member}`;
}

/** How a hop's backups are named: at most 100 letters, digits and . _ - */
export function operationOf(executionArn: string, { kind, to }: Hop): string {
  const execution = executionArn.split(':').at(-1) ?? '';
  return `${execution.slice(-60)}-before-${kind}-${to}`;
}
