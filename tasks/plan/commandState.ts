/** What became of a command that nobody called back for. Pure. */
import type { Description, HealthyMember, LedgerEntry } from '../../agent/protocol.ts';
import type { CommandState } from '../catalogue.ts';

export function commandState(reply: LedgerEntry, member: string, attempt: number): CommandState {
  const none = { result: null, fault: 'MemberNotHealthy', nextAttempt: attempt + 1 } as const;
  if (reply.outcome.status !== 'succeeded')
    return { ...none, status: 'unknown', cause: `the agent of ${member} did not describe itself` };
  const { command, phase, reason } = reply.outcome.result as Description;
  const outcome = command?.outcome;
  if (outcome === undefined)
    return {
      ...none,
      status: 'unknown',
      cause: `the agent of ${member} has not had the command; it is ${phase}: ${reason}`,
    };
  switch (outcome.status) {
    case 'succeeded':
      return { ...none, status: 'succeeded', result: outcome.result as HealthyMember, cause: '' };
    case 'failed':
      return { ...none, status: 'failed', fault: outcome.fault, cause: outcome.cause };
    case 'running':
      return { ...none, status: 'running', cause: `the agent of ${member} still waits; it is ${phase}: ${reason}` };
  }
}
