/** What an error of AWS means for a call that connects or disconnects two regions. Pure. */
import type { PeeringCall } from './peering.ts';

/** `again`: the next look tells what is to be done. `gone`: there is nothing left that the call could undo. */
export type Meaning = 'again' | 'gone' | 'failed';

/**
 * What a call finds that was made just now, or that somebody else was faster with: a new connection is not known everywhere at once.
 */
const passing =
  /NotFound|VPCAssociationNotFound|AlreadyExists|InvalidStateTransition|IncorrectState|ConcurrentModification|PriorRequestNotComplete/;

/** @param error its name */
export function meaningOf({ call }: Pick<PeeringCall, 'call'>, error: string): Meaning {
  // The VPC does not exist (Route 53: DisassociateVPCFromHostedZone), so nobody in it sees the zone, whatever GetHostedZone still lists.
  if (call === 'disassociateZone' && error === 'InvalidVPCId') return 'gone';
  return passing.test(error) ? 'again' : 'failed';
}
