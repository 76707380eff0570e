/** The two regions of a cluster, as the setting `regions` gives them: home first. */
import { Fault } from '#etcd/faults.ts';
import { overlap } from '../tasks/plan/ipv4Blocks.ts';
import { mostMembers } from '../tasks/plan/regionLayout.ts';

/** Of new VPCs: home's, and the other region's. */
export const defaultBlocks = ['10.42.0.0/16', '10.43.0.0/16'] as const;

/** Some regions have only two for an account. */
export type Zones = 2 | 3;

/** Where members live in one region. */
export interface Place {
  /** Members that a deployment asks for there. */
  readonly members: number;
  /** Of a new VPC. */
  readonly cidr: string;
  /** Availability zones of a new VPC. */
  readonly zones: Zones;
  /** An existing one. */
  readonly vpcId?: string;
}

export interface Region extends Place {
  /** Such as `eu-west-1`. */
  readonly region: string;
}

export type TwoRegions = readonly [home: Region, other: Region];

/** One of them as it was given, each field by itself already checked. */
export interface GivenRegion {
  readonly region: string;
  readonly members: number;
  readonly cidr?: string | undefined;
  readonly vpcId?: string | undefined;
  readonly zones?: Zones | undefined;
}

/**
 * Fills in the defaults and checks the two regions against each other and against the settings that are meant for one region.
 * @param given two, home first
 * @param settings all of them
 * @throws Fault `InvalidInput`, naming the field and what is allowed
 */
export function twoRegions(
  given: readonly GivenRegion[],
  settings: Readonly<Record<string, unknown>> & { readonly zones: Zones; readonly tls: boolean },
): TwoRegions {
  for (const field of ['members', 'cidr', 'vpcId']) {
    if (settings[field] !== undefined) {
      const where = given.map((_, index) => `etcd-appliance.regions.${index}.${field}`).join(' and ');
      throw refusal(`${field} is for a cluster in one region; with etcd-appliance.regions it is ${where}`);
    }
  }
  const [home, other] = given.map((one, index) => placed(one, index, settings.zones)) as [Region, Region];
  if (home.region === other.region)
    throw refusal(`regions.1.region is ${other.region} as the first one's is; allowed: another region`);
  if (home.members === 0) throw refusal(`regions.0.members is 0; allowed: 1 to ${mostMembers}, as the first is home`);
  const most = mostMembers - home.members;
  if (other.members > most) {
    const allowed = `allowed: 0 to ${most}, as a cluster has ${mostMembers} members at most and home has ${home.members}`;
    throw refusal(`regions.1.members is ${other.members}; ${allowed}`);
  }
  const known = home.vpcId === undefined && other.vpcId === undefined;
  if (known && overlap(home.cidr, other.cidr)) throw overlapping('regions.1.cidr', other.cidr, home.cidr);
  if (!settings.tls) refuseExistingVpcs([home, other]);
  refuseForeignTopic(settings.alarmTopicArn, home);
  return [home, other];
}

/** @param field below `etcd-appliance` */
export function overlapping(field: string, block: string, homeBlock: string): Fault {
  return refusal(
    `${field} is ${block}, which overlaps ${homeBlock} of the first region; allowed: addresses of its own`,
  );
}

/** @param zones of a region that names no number of its own */
function placed({ vpcId, ...given }: GivenRegion, index: number, zones: Zones): Region {
  const odd = (['cidr', 'zones'] as const).find((field) => given[field] !== undefined);
  if (odd !== undefined && vpcId !== undefined)
    throw refusal(`regions.${index}.${odd} is for a new VPC, and vpcId names ${vpcId}; allowed: one of them`);
  const { region, members, cidr = defaultBlocks[index] ?? '' } = given;
  return { region, members, cidr, zones: given.zones ?? zones, ...(vpcId !== undefined && { vpcId }) };
}

/**
 * The security groups admit the whole subnets of the other region's members, since no group of another region can be named. In a VPC that is
 * not the cluster's own, others may be in them, and without TLS nobody asks who they are.
 */
function refuseExistingVpcs(regions: TwoRegions): void {
  for (const [index, { vpcId }] of regions.entries())
    if (vpcId !== undefined) {
      const why = 'whose other hosts in the same subnets would reach the members of the other region without TLS';
      throw refusal(`regions.${index}.vpcId is ${vpcId}, ${why}; allowed: a new VPC, or etcd-appliance.tls true`);
    }
}

/** An alarm tells topics of its own region alone (CloudWatch: PutMetricAlarm). */
function refuseForeignTopic(topic: unknown, home: Region): void {
  if (typeof topic !== 'string' || topic.split(':')[3] === home.region) return;
  throw refusal(`alarmTopicArn is ${topic}; allowed: a topic of ${home.region}, the first region`);
}

function refusal(what: string): Fault {
  return new Fault('InvalidInput', `etcd-appliance.${what}`);
}
