/** Associations of private hosted zones with VPCs. Pure. */
import type { VPC, VPCRegion } from '@aws-sdk/client-route-53';
import { AwsError } from '../wire/service.ts';
import type { Zone } from './zones.ts';

export type HasVpc = (region: string, vpcId: string) => boolean;

/** @throws AwsError where that is not allowed: a VPC has one zone of a name, a public zone has no VPC */
export function associated(zone: Zone, vpc: VPC | undefined, zones: readonly Zone[], hasVpc: HasVpc): Zone {
  const { VPCId, VPCRegion } = wellFormed(vpc);
  if (zone.vpcs.length === 0) {
    const message = 'You are trying to associate a VPC with a public hosted zone, which Route 53 does not support.';
    throw new AwsError('PublicZoneVPCAssociation', message);
  }
  if (!hasVpc(VPCRegion, VPCId)) {
    const message = `The VPC ${VPCId} in region ${VPCRegion} is not one that you may use, or is none at all.`;
    throw new AwsError('InvalidVPCId', message);
  }
  const other = zones.find(({ name, vpcs }) => name === zone.name && vpcs.some(isSame({ VPCId, VPCRegion })));
  if (other !== undefined) {
    const message =
      `The VPC ${VPCId} in region ${VPCRegion} has already been associated with the hosted zone ${other.id} ` +
      'with the same domain name.';
    throw new AwsError('ConflictingDomainExists', message);
  }
  return { ...zone, vpcs: [...zone.vpcs, { VPCId, VPCRegion }] };
}

/** @throws AwsError where there is no such association, or it is the last one */
export function disassociated(zone: Zone, vpc: VPC | undefined): Zone {
  const wanted = wellFormed(vpc);
  const vpcs = zone.vpcs.filter((one) => !isSame(wanted)(one));
  if (vpcs.length === zone.vpcs.length) {
    const message = `The VPC ${wanted.VPCId} is not associated with the hosted zone ${zone.id}.`;
    throw new AwsError('VPCAssociationNotFound', message, 404);
  }
  if (vpcs.length === 0) {
    const message = `The VPC ${wanted.VPCId} is the last one that is associated with the private zone ${zone.id}.`;
    throw new AwsError('LastVPCAssociation', message);
  }
  return { ...zone, vpcs };
}

/** What an update of a zone's own VPCs makes of its associations: those that somebody else made stay. */
export function reassociated(now: readonly VPC[], before: readonly VPC[], after: readonly VPC[]): readonly VPC[] {
  const isIn = (list: readonly VPC[], vpc: VPC) => list.some(isSame(vpc));
  const kept = now.filter((vpc) => !isIn(before, vpc) || isIn(after, vpc));
  return [...kept, ...after.filter((vpc) => !isIn(kept, vpc))];
}

const isSame =
  ({ VPCId, VPCRegion }: VPC) =>
  (other: VPC) =>
    other.VPCId === VPCId && other.VPCRegion === VPCRegion;

function wellFormed({ VPCId, VPCRegion }: VPC = {}): { VPCId: string; VPCRegion: VPCRegion } {
  if (VPCId === undefined || VPCRegion === undefined)
    throw new AwsError('InvalidInput', 'Invalid request: a VPC has a VPCId and a VPCRegion.');
  return { VPCId, VPCRegion };
}
