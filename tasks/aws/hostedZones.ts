/** Which VPCs see a private hosted zone. */
import {
  AssociateVPCWithHostedZoneCommand,
  DisassociateVPCFromHostedZoneCommand,
  GetHostedZoneCommand,
  Route53Client,
  type VPCRegion,
} from '@aws-sdk/client-route-53';

/** Route 53 takes five requests per second for the whole account, so more attempts than usual. */
const client = new Route53Client({ maxAttempts: 8 });

/** Ids of VPCs; null where there is no such zone. */
export async function vpcsOfZone(Id: string): Promise<readonly string[] | null> {
  try {
    const { VPCs = [] } = await client.send(new GetHostedZoneCommand({ Id }));
    return VPCs.map(({ VPCId = '' }) => VPCId);
  } catch (error) {
    if ((error as Error).name === 'NoSuchHostedZone') return null;
    throw error;
  }
}

export async function associateZone(HostedZoneId: string, region: string, VPCId: string): Promise<void> {
  const VPC = { VPCRegion: region as VPCRegion, VPCId };
  await client.send(new AssociateVPCWithHostedZoneCommand({ HostedZoneId, VPC }));
}

export async function disassociateZone(HostedZoneId: string, region: string, VPCId: string): Promise<void> {
  const VPC = { VPCRegion: region as VPCRegion, VPCId };
  await client.send(new DisassociateVPCFromHostedZoneCommand({ HostedZoneId, VPC }));
}
