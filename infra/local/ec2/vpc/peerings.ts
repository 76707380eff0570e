/**
 * VPC peering connections, also between regions, where each side sees them with tags of its own. What happens on AWS some
 * time after a call happens here a moment later, so that nobody takes an answer for the end of it. What they do not do here:
 * expire, be rejected, cross accounts, options of DNS resolution. Pure, but for the documents.
 */
import type { DatabaseSync } from 'node:sqlite';
import { type Documents, documents } from '../../wire/documents.ts';
import { AwsError } from '../../wire/service.ts';
import { overlap } from './cidr.ts';
import type { Tags, Vpc } from './records.ts';

export interface PeeringSide {
  readonly region: string;
  readonly vpcId: string;
  /** Absent of a VPC that is not there. */
  readonly cidr?: string;
  readonly tags: Tags;
}

export interface Peering {
  /** `pcx-...`, the same on both sides. */
  readonly peeringId: string;
  readonly requester: PeeringSide;
  readonly accepter: PeeringSide;
  readonly state: 'failed' | 'pending-acceptance' | 'active' | 'deleted';
  /** When it came to the state before this one's call, epoch milliseconds. */
  readonly sinceMs: number;
}

export type PeeringStatus = Peering['state'] | 'initiating-request' | 'provisioning' | 'deleting';

/** How long a call takes to have its effect. */
const settlingMs = 400;
/** How long a failed or deleted one is shown (VPC peering guide: "VPC peering connection lifecycle"). */
const shownMs = 2 * 3_600_000;

const underWay: Readonly<Record<Peering['state'], PeeringStatus>> = {
  failed: 'initiating-request',
  'pending-acceptance': 'initiating-request',
  active: 'provisioning',
  deleted: 'deleting',
};
const messages: Readonly<Record<PeeringStatus, (accepter: string) => string>> = {
  'initiating-request': (account) => `Initiating Request to ${account}`,
  'pending-acceptance': (account) => `Pending Acceptance by ${account}`,
  failed: () => 'Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range',
  provisioning: () => 'Provisioning',
  active: () => 'Active',
  deleting: (account) => `Deleting by ${account}`,
  deleted: (account) => `Deleted by ${account}`,
};

export function statusOf({ state, sinceMs }: Peering, nowMs: number): PeeringStatus {
  return nowMs < sinceMs + settlingMs ? underWay[state] : state;
}

/** Whether a region shows it: the accepter's not before the request has come to it. */
export function isShown(peering: Peering, region: string, nowMs: number): boolean {
  const { requester, accepter, state, sinceMs } = peering;
  const over = state === 'deleted' || state === 'failed';
  if (over && sinceMs + shownMs <= nowMs) return false;
  if (requester.region === region) return true;
  return accepter.region === region && state !== 'failed' && statusOf(peering, nowMs) !== 'initiating-request';
}

/** The region's own side; that of the requester where both are in it. */
export function sideIn({ requester, accepter }: Peering, region: string): PeeringSide {
  return requester.region === region ? requester : accepter;
}

/** The state that a request comes to. @param vpc of the accepter; null where there is none */
export function requestedState({ cidr }: Vpc, vpc: Vpc | null): 'failed' | 'pending-acceptance' {
  return vpc === null || overlap(cidr, vpc.cidr) ? 'failed' : 'pending-acceptance';
}

export function toApi(peering: Peering, region: string, account: string, nowMs: number) {
  const status = statusOf(peering, nowMs);
  const side = ({ region: Region, vpcId, cidr }: PeeringSide) => ({
    OwnerId: account,
    Region,
    VpcId: vpcId,
    ...(cidr !== undefined && { CidrBlock: cidr, CidrBlockSet: [{ CidrBlock: cidr }] }),
  });
  return {
    VpcPeeringConnectionId: peering.peeringId,
    RequesterVpcInfo: side(peering.requester),
    AccepterVpcInfo: side(peering.accepter),
    Status: { Code: status, Message: messages[status](account) },
    Tags: Object.entries(sideIn(peering, region).tags).map(([Key, Value]) => ({ Key, Value })),
  };
}

export interface Peerings {
  readonly table: Documents<Peering>;
  /** What a region shows. */
  shown(region: string): readonly Peering[];
  /** @throws AwsError where the region shows none of this id */
  find(peeringId: string, region: string): Peering;
  /** Goes on to a state. */
  change(peering: Peering, state: Peering['state']): Peering;
  /** To the region's side. @throws AwsError as `find` */
  addTags(peeringId: string, region: string, tags: Tags): void;
  /** A VPC is deleted: so are its peering connections. */
  vpcDeleted(vpcId: string): void;
}

/** @param database of the home: both sides are in one document */
export function createPeerings(database: DatabaseSync): Peerings {
  const table = documents<Peering>(database, 'ec2_peerings');
  const shown = (region: string) => table.all().filter((peering) => isShown(peering, region, Date.now()));
  const change = (peering: Peering, state: Peering['state']) => {
    const changed = { ...peering, state, sinceMs: Date.now() };
    table.put(peering.peeringId, changed);
    return changed;
  };
  const find = (peeringId: string, region: string) => {
    const found = shown(region).find((peering) => peering.peeringId === peeringId);
    if (found !== undefined) return found;
    const message = `The vpcPeeringConnection ID '${peeringId}' does not exist`;
    throw new AwsError('InvalidVpcPeeringConnectionID.NotFound', message);
  };
  return {
    table,
    shown,
    change,
    find,
    addTags(peeringId, region, tags) {
      const peering = find(peeringId, region);
      const own = sideIn(peering, region);
      const name = own === peering.requester ? 'requester' : 'accepter';
      table.put(peeringId, { ...peering, [name]: { ...own, tags: { ...own.tags, ...tags } } });
    },
    vpcDeleted(vpcId) {
      for (const peering of table.all()) {
        const sides = [peering.requester.vpcId, peering.accepter.vpcId];
        if (sides.includes(vpcId) && (peering.state === 'active' || peering.state === 'pending-acceptance'))
          change(peering, 'deleted');
      }
    },
  };
}
