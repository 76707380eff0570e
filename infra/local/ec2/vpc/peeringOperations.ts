/** The operations of VPC peering connections. */
import { resourceId } from '../../cloudformation/provider.ts';
import { AwsError, type HomeContext, type Service } from '../../wire/service.ts';
import { type DescribeInput, describing } from '../describing.ts';
import { tagAttributes } from '../filters.ts';
import { type Peering, type Peerings, requestedState, sideIn, statusOf, toApi } from './peerings.ts';
import type { Vpc, Vpcs } from './records.ts';
import { requestedTags, type TagSpecification } from './tagSpecifications.ts';

export interface PeeringParts {
  readonly vpcs: Vpcs;
  readonly peerings: Peerings;
  /** A VPC of any region; null where there is none. */
  readonly vpcIn: (region: string, vpcId: string) => Vpc | null;
}

interface CreateInput {
  readonly VpcId?: string;
  readonly PeerVpcId?: string;
  readonly PeerOwnerId?: string;
  readonly PeerRegion?: string;
  readonly TagSpecifications?: readonly TagSpecification[];
}

interface IdInput {
  readonly VpcPeeringConnectionId?: string;
}

const live: readonly Peering['state'][] = ['pending-acceptance', 'active'];

export function peeringOperations(
  { region, account }: HomeContext,
  { vpcs, peerings, vpcIn }: PeeringParts,
): Service['operations'] {
  const shown = (peering: Peering) => ({
    VpcPeeringConnection: toApi(peering, region, account, Date.now()),
  });
  return {
    CreateVpcPeeringConnection(input: CreateInput) {
      const { VpcId = '', PeerVpcId = '', PeerRegion = region, PeerOwnerId = account } = input;
      if (PeerOwnerId !== account)
        throw new AwsError('InvalidParameterValue', `This home has one account, ${account}, not ${PeerOwnerId}.`);
      const vpc = vpcs.vpcs.get(VpcId);
      if (vpc === null) throw new AwsError('InvalidVpcID.NotFound', `The vpc ID '${VpcId}' does not exist`);
      const tags = requestedTags(input.TagSpecifications, 'vpc-peering-connection');
      const pair = new Set([VpcId, PeerVpcId]);
      const there = peerings.table.all().find(({ requester, accepter, state }) => {
        return live.includes(state) && pair.has(requester.vpcId) && pair.has(accepter.vpcId);
      });
      if (there !== undefined) {
        const message = `A VPC peering connection between ${VpcId} and ${PeerVpcId} already exists: ${there.peeringId}`;
        throw new AwsError('VpcPeeringConnectionAlreadyExists', message);
      }
      const peer = vpcIn(PeerRegion, PeerVpcId);
      const peering: Peering = {
        peeringId: resourceId('pcx'),
        requester: { region, vpcId: VpcId, cidr: vpc.cidr, tags },
        accepter: { region: PeerRegion, vpcId: PeerVpcId, ...(peer && { cidr: peer.cidr }), tags: {} },
        state: requestedState(vpc, peer),
        sinceMs: Date.now(),
      };
      peerings.table.put(peering.peeringId, peering);
      return shown(peering);
    },
    AcceptVpcPeeringConnection({ VpcPeeringConnectionId = '' }: IdInput) {
      const peering = peerings.find(VpcPeeringConnectionId, region);
      if (peering.accepter.region !== region) {
        const message =
          `Incorrect region (${region}) specified for this request. VPC peering connection ` +
          `${VpcPeeringConnectionId} must be accepted in region ${peering.accepter.region}`;
        throw new AwsError('OperationNotPermitted', message);
      }
      if (peering.state === 'active') return shown(peering);
      requireStatus(peering, ['pending-acceptance']);
      return shown(peerings.change(peering, 'active'));
    },
    DeleteVpcPeeringConnection({ VpcPeeringConnectionId = '' }: IdInput) {
      const peering = peerings.find(VpcPeeringConnectionId, region);
      if (peering.state !== 'deleted') {
        requireStatus(peering, ['pending-acceptance', 'provisioning', 'active']);
        peerings.change(peering, 'deleted');
      }
      return { Return: true };
    },
    DescribeVpcPeeringConnections: (input: DescribeInput & { VpcPeeringConnectionIds?: readonly string[] }) => {
      const { items, nextToken } = describing(input, {
        all: peerings.shown(region),
        ids: input.VpcPeeringConnectionIds,
        idOf: ({ peeringId }) => peeringId,
        find: (id) => peerings.find(id, region),
        attributes: (peering) => attributesOf(peering, region, account),
      });
      const VpcPeeringConnections = items.map((peering) => toApi(peering, region, account, Date.now()));
      return { VpcPeeringConnections, ...nextToken };
    },
  };
}

function requireStatus(peering: Peering, allowed: readonly string[]): void {
  const status = statusOf(peering, Date.now());
  if (allowed.includes(status)) return;
  const message = `The VPC peering connection ${peering.peeringId} is ${status}, not ${allowed.join(' or ')}.`;
  throw new AwsError('InvalidStateTransition', message);
}

function attributesOf(peering: Peering, region: string, account: string) {
  const { requester, accepter, peeringId } = peering;
  const side = (prefix: string, { vpcId, cidr }: Peering['requester']) => ({
    [`${prefix}.vpc-id`]: [vpcId],
    [`${prefix}.cidr-block`]: cidr === undefined ? [] : [cidr],
    [`${prefix}.owner-id`]: [account],
  });
  return {
    'vpc-peering-connection-id': [peeringId],
    'status-code': [statusOf(peering, Date.now())],
    ...side('requester-vpc-info', requester),
    ...side('accepter-vpc-info', accepter),
    ...tagAttributes(sideIn(peering, region).tags),
  };
}
