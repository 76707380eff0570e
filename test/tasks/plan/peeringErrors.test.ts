/** What an error of AWS means for a call about the connection of two regions. */
import { describe, expect, test } from '@jest/globals';
import type { PeeringCall } from '../../../tasks/plan/peering.ts';
import { meaningOf } from '../../../tasks/plan/peeringErrors.ts';

const calls: readonly PeeringCall['call'][] = [
  ...(['requestConnection', 'acceptConnection', 'deleteConnection', 'associateZone', 'disassociateZone'] as const),
  ...(['createRoute', 'replaceRoute', 'deleteRoute'] as const),
];

describe('an error of AWS', () => {
  test.each(calls)('%s: a VPC that is not there fails it, unless the zone was to be taken from it', (call) => {
    expect(meaningOf({ call }, 'InvalidVPCId')).toBe(call === 'disassociateZone' ? 'gone' : 'failed');
  });

  test.each(calls)('%s: what passes is looked at again, and anything else fails it', (call) => {
    for (const error of ['InvalidVpcPeeringConnectionID.NotFound', 'RouteAlreadyExists', 'PriorRequestNotComplete'])
      expect(meaningOf({ call }, error)).toBe('again');
    for (const error of ['UnauthorizedOperation', 'AccessDenied', 'LastVPCAssociation', ''])
      expect(meaningOf({ call }, error)).toBe('failed');
  });
});
