/**
 * The networks of a region as they are described: VPCs with their subnets, route tables and security groups, one document
 * each. Nothing is routed or filtered by them: instances talk over loopback.
 */
import { type Documents, documents } from '../../wire/documents.ts';
import type { HomeContext } from '../../wire/service.ts';

export type Tags = Readonly<Record<string, string>>;

export interface Vpc {
  readonly vpcId: string;
  /** IPv4, `10.42.0.0/16` */
  readonly cidr: string;
  readonly tags: Tags;
}

export interface Subnet {
  readonly subnetId: string;
  readonly zone: string;
  readonly vpcId: string;
  readonly cidr: string;
  readonly mapPublicIp: boolean;
  readonly tags: Tags;
}

export interface RouteTable {
  readonly routeTableId: string;
  readonly vpcId: string;
  /** That of the VPC's subnets which have none of their own. */
  readonly main: boolean;
  readonly associations: readonly { readonly associationId: string; readonly subnetId: string }[];
  /** The local one first. */
  readonly routes: readonly Route[];
  readonly tags: Tags;
}

export interface Route {
  /** IPv4 */
  readonly destination: string;
  readonly target: RouteTarget;
}

export interface RouteTarget {
  readonly kind: (typeof targetKinds)[number];
  readonly id: string;
}

/** Names of the parameters that routes have for what they lead to. `GatewayId` is also `local`. */
export const targetKinds = [
  'GatewayId',
  'NatGatewayId',
  'VpcPeeringConnectionId',
  'TransitGatewayId',
  'NetworkInterfaceId',
  'EgressOnlyInternetGatewayId',
] as const;

export interface SecurityGroup {
  readonly groupId: string;
  readonly name: string;
  readonly description: string;
  readonly vpcId: string;
  readonly rules: readonly SecurityRule[];
  readonly tags: Tags;
}

export interface SecurityRule {
  /** `sgr-...` */
  readonly ruleId: string;
  readonly direction: 'ingress' | 'egress';
  /** `tcp`, `udp`, `icmp`, or `-1` for all. */
  readonly protocol: string;
  readonly fromPort?: number;
  readonly toPort?: number;
  /** Whom it admits: one of a range and a group. */
  readonly cidr?: string;
  readonly groupId?: string;
  readonly description?: string;
}

export interface Vpcs {
  readonly vpcs: Documents<Vpc>;
  readonly subnets: Documents<Subnet>;
  readonly routeTables: Documents<RouteTable>;
  readonly securityGroups: Documents<SecurityGroup>;
  /** Of whatever has this id; null where there is nothing of it. */
  tags(id: string): Tags | null;
  /** @returns false where there is nothing of this id */
  addTags(id: string, tags: Tags): boolean;
}

export function createVpcs({ database }: Pick<HomeContext, 'database'>): Vpcs {
  const tables = {
    vpcs: documents<Vpc>(database, 'ec2_vpcs'),
    subnets: documents<Subnet>(database, 'ec2_subnets'),
    routeTables: documents<RouteTable>(database, 'ec2_route_tables'),
    securityGroups: documents<SecurityGroup>(database, 'ec2_security_groups'),
  };
  const all = Object.values(tables) as unknown as readonly Documents<{ readonly tags: Tags }>[];
  return {
    ...tables,
    tags: (id) => all.map((table) => table.get(id)).find((found) => found !== null)?.tags ?? null,
    addTags(id, tags) {
      const table = all.find((one) => one.get(id) !== null);
      const found = table?.get(id);
      if (table === undefined || found == null) return false;
      table.put(id, { ...found, tags: { ...found.tags, ...tags } });
      return true;
    },
  };
}
