/** What the home knows of resources that requests name: their ARNs and tags. */
import type { AutoScaling } from '../autoscaling/index.ts';
import type { Ec2 } from '../ec2/index.ts';
import { type PeeringSide, type Peerings, sideIn } from '../ec2/vpc/peerings.ts';
import type { Vpcs } from '../ec2/vpc/records.ts';
import type { Keys } from '../kms/keys.ts';
import { AwsError, type HomeContext } from '../wire/service.ts';
import type { Context } from './conditions.ts';

export type Tags = Readonly<Record<string, string>>;

export interface Facts {
  readonly region: string;
  readonly account: string;
  /** Tags of an instance; none where there is no such instance. */
  instanceTags(instanceId: string): Tags;
  /** Tags of a part of a network, such as a VPC or a route table; none where there is none of this id. */
  networkTags(id: string): Tags;
  /** Id of the VPC that a route table is in; null where there is no such table. */
  vpcOfRouteTable(id: string): string | null;
  /** The region's side of a peering connection, and ARNs of both VPCs; null where the region shows none of this id. */
  peering(id: string): { readonly tags: Tags; readonly requesterVpc: string; readonly accepterVpc: string } | null;
  /** Of the key that an id, ARN or alias names; null where there is none. */
  keyArn(identifier: string): string | null;
  /** Null where there is none of this name. */
  group(name: string): { readonly arn: string; readonly tags: Tags } | null;
  /** Name of the group of an instance; null where it is in none. */
  groupOf(instanceId: string): string | null;
}

export interface FactSources {
  readonly ec2: Ec2;
  readonly autoscaling: AutoScaling;
  readonly keys: Keys;
  readonly vpcs: Vpcs;
  readonly peerings: Peerings;
}

export function factsOf({ region, account }: HomeContext, sources: FactSources): Facts {
  const { ec2, autoscaling, keys, vpcs, peerings } = sources;
  const vpcArn = ({ region, vpcId }: PeeringSide) => arnIn({ region, account }, 'ec2', `vpc/${vpcId}`);
  return {
    region,
    account,
    instanceTags: (id) => ec2.instances().find(({ instanceId }) => instanceId === id)?.tags ?? {},
    networkTags: (id) => vpcs.tags(id) ?? {},
    vpcOfRouteTable: (id) => vpcs.routeTables.get(id)?.vpcId ?? null,
    peering(id) {
      const found = peerings.shown(region).find(({ peeringId }) => peeringId === id);
      if (found === undefined) return null;
      const { requester, accepter } = found;
      return {
        tags: sideIn(found, region).tags,
        requesterVpc: vpcArn(requester),
        accepterVpc: vpcArn(accepter),
      };
    },
    keyArn(identifier) {
      try {
        return keys.find(identifier).arn;
      } catch (error) {
        if (error instanceof AwsError) return null;
        throw error;
      }
    },
    group: autoscaling.group,
    groupOf: autoscaling.groupOf,
  };
}

/** `arn:aws:SERVICE:REGION:ACCOUNT:REST` */
export function arnIn({ region, account }: Pick<Facts, 'region' | 'account'>, service: string, rest: string): string {
  return `arn:aws:${service}:${region}:${account}:${rest}`;
}

/** Condition keys of a resource's tags: AWS's own and the service's. */
export function tagContext(tags: Tags, serviceKey: string): Context {
  return Object.fromEntries(
    Object.entries(tags).flatMap(([key, value]) => [
      [`aws:ResourceTag/${key}`, [value]],
      [`${serviceKey}/${key}`, [value]],
    ]),
  );
}
