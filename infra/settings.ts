/** What an operator may set: the object `etcd-appliance` of the CDK context (cdk.json, or `-c etcd-appliance.FIELD=VALUE`). */
import * as v from 'valibot';
import { Fault } from '#etcd/faults.ts';
import { factsOf, firstWithTls, servesTls } from '#etcd/minors.ts';
import { isSupported, minors } from '#etcd/versions.ts';
import { isIpv4Block, prefixOf } from '../tasks/plan/ipv4Blocks.ts';
import { mostMembers } from '../tasks/plan/regionLayout.ts';
import { defaultBlocks, type Place, type TwoRegions, twoRegions } from './regions.ts';

/** Longer names of clusters leave no room for the account and the region in the name of the bucket, 63 characters at most. */
const longestName = 28;

/** @param largest smallest prefix length @param smallest greatest prefix length */
function cidr(largest: number, smallest: number, what: string) {
  const fits = (text: string) => isIpv4Block(text) && prefixOf(text) >= largest && prefixOf(text) <= smallest;
  return v.pipe(v.string(what), v.check(fits, what));
}

function whole(least: number, most: number) {
  const allowed = `a whole number from ${least} to ${most}`;
  return v.pipe(v.number(allowed), v.integer(allowed), v.minValue(least, allowed), v.maxValue(most, allowed));
}

const regionName = /^[a-z]{2,4}(-[a-z]{1,20}){1,3}-\d{1,2}$/;
const vpcBlock = () => cidr(16, 21, 'an IPv4 block such as 10.42.0.0/16, /16 to /21, for six subnets of /24');
const existingVpc = () => v.pipe(v.string(), v.regex(/^vpc-[0-9a-f]{8,17}$/, 'the id of a VPC, vpc-...'));

const zones = () => v.picklist([2, 3], '2 or 3');

/** One of the two regions of a cluster. */
const region = v.strictObject({
  region: v.pipe(v.string('a region such as eu-west-1'), v.regex(regionName, 'a region such as eu-west-1')),
  members: whole(0, mostMembers),
  vpcId: v.optional(existingVpc()),
  cidr: v.optional(vpcBlock()),
  zones: v.optional(zones()),
});
const two =
  'two regions, home first: [{"region": "eu-west-1", "members": 3}, {"region": "eu-central-1", "members": 2}]';

const hostedZoneName = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const zone = v.strictObject({
  name: v.pipe(v.string(), v.regex(hostedZoneName, 'a domain name such as etcd.internal')),
  id: v.optional(v.pipe(v.string(), v.regex(/^Z[A-Z0-9]{1,31}$/, 'the id of a hosted zone, Z...'))),
});

const schema = v.strictObject({
  /** Name of the cluster; part of resource names. */
  cluster: v.optional(
    v.pipe(
      v.string(),
      v.regex(
        new RegExp(`^[a-z][a-z0-9-]{0,${longestName - 1}}$`),
        `a lower-case letter, then up to ${longestName - 1} letters, digits and dashes`,
      ),
    ),
    'etcd',
  ),
  members: v.optional(v.picklist([1, 3, 5, mostMembers], '1, 3, 5 or 7')),
  /** One cluster in two regions, home first: `members`, `vpcId` and `cidr` are then given here, for each region; `zones` may be. */
  regions: v.optional(v.pipe(v.array(region, two), v.length(2, two))),
  etcdVersion: v.optional(
    v.pipe(v.string(), v.check(isSupported, `X.Y.Z of a minor from ${minors[0]} to ${minors.at(-1)}`)),
    '3.5.35',
  ),
  architecture: v.optional(v.picklist(['x86_64', 'arm64'], 'x86_64 or arm64'), 'x86_64'),
  /** EC2 instance type; by default m6i.large, or m7g.large on arm64. */
  instanceType: v.optional(
    v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, 'an EC2 instance type such as m6i.large')),
  ),
  dataVolumeGiB: v.optional(whole(1, 16_384), 20),
  /** An existing VPC; by default a new one is made. */
  vpcId: v.optional(existingVpc()),
  /** Address range of a new VPC. */
  cidr: v.optional(vpcBlock()),
  natGateways: v.optional(whole(1, 3), 1),
  /** Availability zones of a new VPC; some regions have only two for an account. */
  zones: v.optional(zones(), 3),
  /**
   * Raised by one, or changed at all, it has a deployment look at the connection of two regions again, and mend it: CloudFormation calls
   * nobody for a resource whose properties are what they were.
   */
  connectionRevision: v.optional(whole(1, 1_000_000), 1),
  /** A private hosted zone: only `name` for a new one, `id` too for one that exists. */
  hostedZone: v.optional(zone, { name: 'etcd.internal' }),
  /** MiB the database may grow to; etcd suggests 8 GiB at most. Changed on running members one by one. */
  quotaMiB: v.optional(whole(64, 16_384), 2_048),
  /** Hours of history that etcd keeps; 0: clients compact, or nobody does. Changed on running members one by one. */
  compactionHours: v.optional(whole(0, 8_760), 0),
  /** Percent of a member's database that must be free for it to be defragmented; 100: never. */
  defragmentAbovePercent: v.optional(whole(10, 100), 50),
  /** Smaller databases are left alone. */
  defragmentFromMiB: v.optional(whole(0, 16_384), 100),
  /** Seconds that DNS answers may be kept: how long a client may still try a member that has left. */
  recordTtlSeconds: v.optional(whole(1, 3_600), 10),
  /**
   * Whether members speak TLS, with clients and with each other, and ask both for certificates. Of a cluster that is created;
   * MigrateToTls changes one that runs.
   */
  tls: v.optional(v.boolean('true or false'), true),
  /** Days that the certificates of members and agents are valid; they are renewed long before. */
  certificateDays: v.optional(whole(1, 90), 7),
  /**
   * Which key the certificate authority has: raised by one, it gets another beside the one in use, for RotateCertificateAuthority
   * to go over to. A deployment alone changes nothing in what is trusted.
   */
  certificateAuthorityGeneration: v.optional(whole(1, 1_000), 1),
  /** SNS topic that is told of every alarm, and of its end. */
  alarmTopicArn: v.optional(
    v.pipe(v.string(), v.regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/, 'the ARN of an SNS topic')),
  ),
  /** Who may reach port 2379, besides the members: never the world. */
  clientCidrs: v.optional(
    v.array(cidr(8, 32, 'an IPv4 block of /8 or smaller; the whole world is never allowed'), 'a list of IPv4 blocks'),
    [],
  ),
  clientSecurityGroups: v.optional(
    v.array(
      v.pipe(v.string(), v.regex(/^sg-[0-9a-f]{8,17}$/, 'the id of a security group, sg-...')),
      'a list of ids of security groups',
    ),
    [],
  ),
  /** How long ClusterBootstrap waits for the group's instances. */
  instancesInServiceTimeoutSeconds: v.optional(whole(10, 3_600), 600),
  /** How long it waits for each member. */
  memberHealthyTimeoutSeconds: v.optional(whole(10, 7_200), 900),
});

type Given = v.InferOutput<typeof schema>;

export type Settings = Readonly<Omit<Given, 'instanceType' | 'members' | 'regions' | 'vpcId' | 'cidr' | 'zones'>> & {
  readonly instanceType: string;
  /** In all regions. */
  readonly members: number;
  /** Where the cluster begins, and its record stays. */
  readonly home: Place;
  /** Home and the other one; absent: the cluster is in one region, that of the deployment. */
  readonly regions?: TwoRegions;
};

/**
 * Checks the settings and fills in the defaults.
 * @throws Fault `InvalidInput`, naming the field and what is allowed.
 */
export function parseSettings(raw: unknown): Settings {
  const parsed = v.safeParse(schema, raw ?? {});
  if (!parsed.success) throw refusal(parsed.issues[0]);
  const { members, vpcId, cidr, zones, regions: given, ...settings } = parsed.output;
  refuseUnfit(settings);
  const instanceType = instanceTypeOf(settings);
  if (given === undefined) {
    const place = { members: members ?? 3, cidr: cidr ?? defaultBlocks[0], zones };
    const home = { ...place, ...(vpcId !== undefined && { vpcId }) };
    return { ...settings, instanceType, members: home.members, home };
  }
  const regions = twoRegions(given, parsed.output);
  const [home, other] = regions;
  return { ...settings, instanceType, members: home.members + other.members, home, regions };
}

function refuseUnfit({ architecture, etcdVersion, tls }: Pick<Given, 'architecture' | 'etcdVersion' | 'tls'>): void {
  if (architecture === 'arm64' && !factsOf(etcdVersion).arm64) {
    throw new Fault(
      'InvalidInput',
      `etcd-appliance.architecture is arm64, but etcd ${etcdVersion} has no supported arm64 release; allowed: x86_64, or etcd 3.4 and later`,
    );
  }
  if (tls && !servesTls(etcdVersion)) {
    throw new Fault(
      'InvalidInput',
      `etcd-appliance.tls is true, and etcd ${etcdVersion} cannot be run with TLS; allowed: false, or etcd ${firstWithTls} and later`,
    );
  }
}

function instanceTypeOf({ architecture, instanceType: given }: Pick<Given, 'architecture' | 'instanceType'>): string {
  const instanceType = given ?? (architecture === 'arm64' ? 'm7g.large' : 'm6i.large');
  // Families with a g after the generation are Graviton: m7g, c6gn, t4g.
  const graviton = /^(a1|[a-z]+\d+[a-z]*g[a-z]*)\./.test(instanceType) && !/^(g|p|trn|inf)\d(?!g)/.test(instanceType);
  if (graviton !== (architecture === 'arm64')) {
    throw new Fault(
      'InvalidInput',
      `etcd-appliance.instanceType is ${instanceType}, which is not ${architecture}; name another, or change etcd-appliance.architecture`,
    );
  }
  return instanceType;
}

/** `etcd-appliance.members=5` on the command line: text that stands for a number, true, false, a list or an object is read as JSON. */
export function settingsFromContext(context: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const prefix = 'etcd-appliance.';
  const whole = context['etcd-appliance'] ?? {};
  if (typeof whole !== 'object' || Array.isArray(whole)) {
    throw new Fault('InvalidInput', 'etcd-appliance must be an object of settings; see the README');
  }
  const single = Object.entries(context)
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, value]) => [name.slice(prefix.length), typeof value === 'string' ? fromText(value) : value]);
  return { ...whole, ...Object.fromEntries(single) };
}

function fromText(text: string): unknown {
  if (!/^(\d+$|true$|false$|\[|\{)/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function refusal(issue: v.BaseIssue<unknown> | undefined): Fault {
  const keys = issue?.path?.map(({ key }) => String(key)) ?? [];
  const path = ['etcd-appliance', ...keys].join('.');
  if (issue?.type === 'strict_object') {
    if (issue.expected === 'never') {
      const { entries } = keys[0] === 'regions' ? region : keys[0] === 'hostedZone' && keys.length > 1 ? zone : schema;
      return new Fault('InvalidInput', `${path} is not a setting; allowed: ${Object.keys(entries).join(', ')}`);
    }
    // A field of it is named where that is missing.
    if (issue.expected !== 'Object') return new Fault('InvalidInput', `${path} is missing`);
    return new Fault('InvalidInput', `${path} must be an object of settings`);
  }
  const given = JSON.stringify(issue?.input) ?? String(issue?.input);
  return new Fault('InvalidInput', `${path} is ${given}; allowed: ${issue?.message}`);
}
