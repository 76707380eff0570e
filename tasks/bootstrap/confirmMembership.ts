import { Fault } from '#etcd/faults.ts';
import type { Tasks } from '../catalogue.ts';
import { agreementOf } from '../plan/agreement.ts';

/** All members report one and the same cluster. @throws Fault `MembersDisagree`, saying who reports what */
export async function handler({
  members,
}: Tasks['confirmMembership']['input']): Promise<Tasks['confirmMembership']['output']> {
  const agreement = agreementOf(members);
  if (agreement.verdict === 'disagreed') throw new Fault('MembersDisagree', agreement.reasons.join('; '));
  const { verdict: _, ...membership } = agreement;
  return membership;
}
