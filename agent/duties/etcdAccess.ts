/** How the duties reach etcd's members: a parameter, so that they can be tried against members that are not there. */
import { createEtcdMembership, type EtcdMembership, type EtcdMembershipOptions } from '../machine/etcdMembership.ts';
import { askPeers, type Peer } from './peers.ts';

export interface EtcdAccess {
  /** The members that answer at these addresses, healthy ones first. */
  peers(addresses: readonly string[]): Promise<readonly Peer[]>;
  /** Changes through one of them. */
  membership(options: EtcdMembershipOptions): EtcdMembership;
}

/** The client API of each version. */
export const etcdOverHttp: EtcdAccess = { peers: askPeers, membership: createEtcdMembership };
