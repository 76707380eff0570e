/** What an operator may set: the object `etcd-appliance` of the CDK context (cdk.json, or `-c etcd-appliance.FIELD=VALUE`). */
import * as v from 'valibot';
import { Fault } from '#etcd/faults.ts';
import { factsOf } from '#etcd/minors.ts';
import { isSupported, minors } from '#etcd/versions.ts';

const ipv4Block = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}\/(\d|[12]\d|3[0-2])$/;

/** @param largest smallest prefix length @param smallest greatest prefix length */
function cidr(largest: number, smallest: number, what: string) {
  const fits = (text: string) => Number(text.split('/')[1]) >= largest && Number(text.split('/')[1]) <= smallest;
  return v.pipe(v.string(what), v.regex(ipv4Block, what), v.check(fits, what), v.check(isNetwork, what));
}

/** Whether all bits after the prefix are zero. */
function isNetwork(block: string): boolean {
  const [address = '', prefix] = block.split('/');
  const bits = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return bits % 2 ** (32 - Number(prefix)) === 0;
}

function whole(least: number, most: number) {
  const allowed = `a whole number from ${least} to ${most}`;
  return v.pipe(v.number(allowed), v.integer(allowed), v.minValue(least, allowed), v.maxValue(most, allowed));
}

const hostedZoneName = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

const schema = v.strictObject({
  /** Name of the cluster; part of resource names. */
  cluster: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[a-z][a-z0-9-]{0,30}$/, 'a lower-case letter, then up to 30 letters, digits and dashes'),
    ),
    'etcd',
  ),
  members: v.optional(v.picklist([1, 3, 5, 7], '1, 3, 5 or 7'), 3),
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
  vpcId: v.optional(v.pipe(v.string(), v.regex(/^vpc-[0-9a-f]{8,17}$/, 'the id of a VPC, vpc-...'))),
  /** Address range of a new VPC. */
  cidr: v.optional(
    cidr(16, 21, 'an IPv4 block such as 10.42.0.0/16, /16 to /21, for six subnets of /24'),
    '10.42.0.0/16',
  ),
  natGateways: v.optional(whole(1, 3), 1),
  /** Availability zones of a new VPC; some regions have only two for an account. */
  zones: v.optional(v.picklist([2, 3], '2 or 3'), 3),
  /** A private hosted zone: only `name` for a new one, `id` too for one that exists. */
  hostedZone: v.optional(
    v.strictObject({
      name: v.pipe(v.string(), v.regex(hostedZoneName, 'a domain name such as etcd.internal')),
      id: v.optional(v.pipe(v.string(), v.regex(/^Z[A-Z0-9]{1,31}$/, 'the id of a hosted zone, Z...'))),
    }),
    { name: 'etcd.internal' },
  ),
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

export type Settings = Readonly<Omit<v.InferOutput<typeof schema>, 'instanceType'>> & { readonly instanceType: string };

/**
 * Checks the settings and fills in the defaults.
 * @throws Fault `InvalidInput`, naming the field and what is allowed.
 */
export function parseSettings(raw: unknown): Settings {
  const parsed = v.safeParse(schema, raw ?? {});
  if (!parsed.success) throw refusal(parsed.issues[0]);
  const settings = parsed.output;
  const { architecture, etcdVersion } = settings;
  if (architecture === 'arm64' && !factsOf(etcdVersion).arm64) {
    throw new Fault(
      'InvalidInput',
      `etcd-appliance.architecture is arm64, but etcd ${etcdVersion} has no supported arm64 release; allowed: x86_64, or etcd 3.4 and later`,
    );
  }
  const instanceType = settings.instanceType ?? (architecture === 'arm64' ? 'm7g.large' : 'm6i.large');
  // Families with a g after the generation are Graviton: m7g, c6gn, t4g.
  const graviton = /^(a1|[a-z]+\d+[a-z]*g[a-z]*)\./.test(instanceType) && !/^(g|p|trn|inf)\d(?!g)/.test(instanceType);
  if (graviton !== (architecture === 'arm64')) {
    throw new Fault(
      'InvalidInput',
      `etcd-appliance.instanceType is ${instanceType}, which is not ${architecture}; name another, or change etcd-appliance.architecture`,
    );
  }
  return { ...settings, instanceType };
}

/** `etcd-appliance.members=5` on the command line: text that stands for a number, a list or an object is read as JSON. */
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
  if (!/^(\d+$|\[|\{)/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function refusal(issue: v.BaseIssue<unknown> | undefined): Fault {
  const path = ['etcd-appliance', ...(issue?.path?.map(({ key }) => String(key)) ?? [])].join('.');
  if (issue?.type === 'strict_object') {
    if (issue.expected === 'never') {
      return new Fault('InvalidInput', `${path} is not a setting; allowed: ${Object.keys(schema.entries).join(', ')}`);
    }
    return new Fault('InvalidInput', `${path} must be an object of settings`);
  }
  const given = JSON.stringify(issue?.input) ?? String(issue?.input);
  return new Fault('InvalidInput', `${path} is ${given}; allowed: ${issue?.message}`);
}
