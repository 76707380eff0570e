/** How the networks of two regions stand, and what is to be done to them. Pure: facts in, calls out. */

/** The subnets of the members in one region, and what leads out of them. */
export interface RegionNetwork {
  readonly region: string;
  readonly vpcId: string;
  /** IPv4 blocks of the whole VPC. */
  readonly blocks: readonly string[];
  /** Of the members' subnets that are there. */
  readonly memberBlocks: readonly string[];
  /** Those that the members' subnets use. */
  readonly tables: readonly RouteTable[];
}

export interface RouteTable {
  readonly id: string;
  readonly routes: readonly Route[];
}

export interface Route {
  /** IPv4 block. */
  readonly destination: string;
  /** `pcx-...`, `nat-...`, `local` and so on. */
  readonly target: string;
  /** Not so where what it leads to is gone: EC2 says `blackhole`. */
  readonly active: boolean;
}

/** A VPC peering connection between the two VPCs, whoever asked for it. */
export interface Connection {
  readonly id: string;
  /** VPC. */
  readonly requester: string;
  /** VPC. */
  readonly accepter: string;
  /** As EC2 says: `pending-acceptance`, `active`, `deleted`, ... */
  readonly status: string;
  /** Whether it has the cluster's tag. */
  readonly ours: boolean;
}

export interface PeeringFacts {
  /** Null: the VPC is not there. */
  readonly home: RegionNetwork | null;
  readonly other: RegionNetwork | null;
  /** Of the members' subnets as they are deployed. */
  readonly homeBlocks: readonly string[];
  readonly otherBlocks: readonly string[];
  /** Between the two VPCs. */
  readonly connections: readonly Connection[];
  /** VPCs that see the hosted zone; null: there is no such zone, or it is none of the caller's business. */
  readonly zoneVpcs: readonly string[] | null;
}

export type PeeringCall =
  | { readonly call: 'requestConnection' | 'associateZone' | 'disassociateZone' }
  | { readonly call: 'acceptConnection'; readonly connection: Connection }
  | { readonly call: 'deleteConnection'; readonly connection: Connection }
  | {
      readonly call: 'createRoute' | 'replaceRoute';
      readonly region: string;
      readonly table: string;
      readonly destination: string;
      readonly connection: string;
    }
  | { readonly call: 'deleteRoute'; readonly region: string; readonly table: string; readonly destination: string };

export type PeeringPlan =
  | { readonly refused: string }
  | {
      /** All of them can be made now, in this order. */
      readonly calls: readonly PeeringCall[];
      /** What AWS has to do before anything more can be said; null: nothing. */
      readonly waitsFor: string | null;
    };

/** AWS keeps showing connections that are none any more for a while (VPC peering guide: connection lifecycle). */
export const liveStatuses: readonly string[] = ['initiating-request', 'pending-acceptance', 'provisioning', 'active'];
