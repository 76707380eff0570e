/** The templates of a cluster in two regions. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { synthesizedAssembly } from '../../infra/local/start/assembly.ts';
import { catalogue } from '../../tasks/catalogue.ts';
import { allowing, ofType, type Stacks, stacksOfTwoRegions, type Template, templateIn } from './twoRegions.ts';

jest.setTimeout(240_000);

let stacks: Stacks;
let single: Template;
beforeAll(async () => {
  stacks = await stacksOfTwoRegions();
  single = templateIn(await synthesizedAssembly({}), 'etcd-etcd');
});

const blocks = {
  home: [3, 4, 5].map((third) => `10.42.${third}.0/24`),
  other: [3, 4, 5].map((third) => `10.43.${third}.0/24`),
};
interface Artifact {
  readonly type: string;
  readonly environment?: string;
  readonly dependencies?: string[];
  readonly properties?: { readonly terminationProtection?: boolean };
}

/** Where they differ from the others, all in one synthesis. */
const unlike = {
  connectionRevision: 2,
  clientCidrs: ['10.8.0.0/16'],
  clientSecurityGroups: ['sg-0123456789abcdef0'],
  regions: [
    { region: 'eu-west-1', members: 3 },
    { region: 'eu-central-1', members: 2, zones: 2 },
  ],
};
const only = (template: Template, type: string) => ofType(template, type)[0]?.[1].Properties ?? {};
const first = (template: Template, type: string): readonly [string, { readonly DependsOn: readonly string[] }] => {
  const [id = '', { DependsOn = [] } = {}] = ofType(template, type)[0] ?? [];
  return [id, { DependsOn }];
};
const rulesOf = (template: Template) => [
  ...ofType(template, 'AWS::EC2::SecurityGroupIngress').map(([, { Properties }]) => Properties),
  ...ofType(template, 'AWS::EC2::SecurityGroup').flatMap(
    ([, { Properties }]) => (Properties.SecurityGroupIngress ?? []) as Record<string, unknown>[],
  ),
];

describe('the security groups', () => {
  test.each(['home', 'other'] as const)(
    '%s: admit its own members, those of the other region, and nobody else',
    (name) => {
      const rules = rulesOf(stacks[name]);
      const peers = rules.filter(({ CidrIp }) => CidrIp !== undefined);
      expect(peers.map(({ CidrIp }) => CidrIp)).toEqual(name === 'home' ? blocks.other : blocks.home);
      for (const rule of rules) expect(rule).toMatchObject({ IpProtocol: 'tcp', FromPort: 2379, ToPort: 2380 });
      const others = rules.filter(({ CidrIp }) => CidrIp === undefined);
      expect(others).toEqual([expect.objectContaining({ SourceSecurityGroupId: expect.anything() })]);
    },
  );

  test('admit clients in home as the settings say, and in the other region by their addresses alone', async () => {
    const { home, other } = await stacksOfTwoRegions(unlike);
    expect(JSON.stringify(rulesOf(home))).toContain('sg-0123456789abcdef0');
    expect(JSON.stringify(rulesOf(other))).not.toContain('sg-0123456789abcdef0');
    for (const template of [home, other])
      expect(rulesOf(template).filter(({ CidrIp }) => CidrIp === '10.8.0.0/16')).toEqual([
        expect.objectContaining({ FromPort: 2379, ToPort: 2379 }),
      ]);
  });

  test('are those of exactly the members’ subnets', () => {
    for (const [template, wanted] of [
      [stacks.home, blocks.home],
      [stacks.other, blocks.other],
    ] as const) {
      const group = only(template, 'AWS::AutoScaling::AutoScalingGroup');
      const subnets = (group.VPCZoneIdentifier as { Ref: string }[]).map(
        ({ Ref }) => template.Resources[Ref]?.Properties,
      );
      expect(subnets.map((subnet) => subnet?.CidrBlock)).toEqual(wanted);
      for (const subnet of subnets) expect(subnet?.MapPublicIpOnLaunch).toBe(false);
    }
  });
});

test('a region is asked for no more zones than the settings say that it has', async () => {
  const { home, other } = await stacksOfTwoRegions(unlike);
  const zonesOf = (template: Template) =>
    new Set(
      ofType(template, 'AWS::EC2::Subnet').map(([, { Properties }]) => JSON.stringify(Properties.AvailabilityZone)),
    );
  expect([zonesOf(home).size, zonesOf(other).size]).toEqual([3, 2]);
  expect(JSON.stringify([...zonesOf(other)])).not.toContain('[2,');
  expect(rulesOf(home).filter(({ CidrIp, ToPort }) => CidrIp && ToPort === 2380)).toHaveLength(2);
});

describe('the groups', () => {
  test('have the same name, their region’s members, and leave the capacity to the state machines', () => {
    const [home, other] = [stacks.home, stacks.other].map((one) => only(one, 'AWS::AutoScaling::AutoScalingGroup'));
    const shared = { AutoScalingGroupName: 'etcd-etcd', MaxSize: '8' };
    expect(home).toMatchObject({ ...shared, MinSize: '1', DesiredCapacity: '3' });
    expect(other).toMatchObject({ ...shared, MinSize: '0', DesiredCapacity: '2' });
  });

  test('launch instances that know their home', () => {
    const group = only(stacks.other, 'AWS::AutoScaling::AutoScalingGroup');
    const tags = Object.fromEntries(
      (group.Tags as { Key: string; Value: unknown }[]).map(({ Key, Value }) => [Key, JSON.stringify(Value)]),
    );
    expect(tags).toMatchObject({
      'etcd-appliance:cluster': '"etcd"',
      'etcd-appliance:table': '"etcd-etcd"',
      'etcd-appliance:home-region': '"eu-west-1"',
      'etcd-appliance:bucket': expect.stringContaining('-eu-west-1'),
      'etcd-appliance:certificates': expect.stringContaining(':lambda:eu-west-1:'),
    });
    const data = JSON.stringify(only(stacks.other, 'AWS::EC2::LaunchTemplate'));
    expect(data).toContain("AGENT_REGION='eu-west-1'");
  });
});

describe('permissions', () => {
  const ofSecond = /^(Enable|Disable)RegionRole/;
  const all = () => [stacks.home, stacks.other, stacks.peering];

  test('name every region that they are about: none is for all', () => {
    for (const template of all())
      for (const [, { Resource }] of allowing(template, /./))
        for (const resource of [Resource].flat())
          expect(JSON.stringify(resource)).not.toMatch(/:(ec2|autoscaling|ssm|dynamodb|lambda|states|logs):\*:/);
  });

  test('let tasks act on groups and instances of both regions', () => {
    for (const action of [/^ssm:SendCommand$/, /^autoscaling:(?!Describe|Complete)/]) {
      const here = allowing(stacks.home, action).filter(([id]) => !ofSecond.test(id));
      const resources = here.map(([, { Resource }]) => JSON.stringify(Resource));
      expect(resources.length).toBeGreaterThan(0);
      for (const resource of resources) expect(resource).toMatch(/eu-west-1.*eu-central-1/);
    }
  });

  test('let what enables the second region, and takes it back, act on its group and not on that of home', () => {
    const theirs = allowing(stacks.home, /^autoscaling:(?!Describe)/).filter(([id]) => ofSecond.test(id));
    expect(theirs).toHaveLength(2);
    for (const [, { Resource }] of theirs) expect(JSON.stringify(Resource)).not.toContain('eu-west-1');
  });

  test('let instances of the other region have of home what they need, and no more of it', () => {
    const theirs = allowing(stacks.other, /./).filter(([id]) => id.startsWith('MemberRole'));
    const atHome = theirs.filter(([, { Resource }]) => JSON.stringify(Resource).includes('eu-west-1'));
    expect(atHome.map(([, { Action }]) => Action)).toEqual([
      'autoscaling:ResumeProcesses',
      ['dynamodb:GetItem', 'dynamodb:PutItem'],
      's3:GetObject',
      ['s3:PutObject', 's3:AbortMultipartUpload'],
      'lambda:GetFunctionUrlConfig',
      'lambda:InvokeFunctionUrl',
      'lambda:InvokeFunction',
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
    ]);
    const record = atHome.find(([, { Action }]) => JSON.stringify(Action).includes('dynamodb'))?.[1];
    expect(record?.Condition).toEqual({ 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['etcd'] } });
    const own = theirs.filter(([, { Action }]) => JSON.stringify(Action).includes('CompleteLifecycleAction'));
    expect(JSON.stringify(own)).not.toContain('eu-west-1');
    // A policy of another stack on their role would keep the role from being deleted.
    expect(ofType(stacks.peering, 'AWS::IAM::Policy').flatMap(([, { Properties }]) => Properties.Roles)).not.toContain(
      'etcd-etcd-members-eu-central-1',
    );
    const [names] = allowing(stacks.other, /^route53:ChangeResourceRecordSets$/).map(([, { Condition }]) => Condition);
    expect(JSON.stringify(names)).toContain(
      '"ForAllValues:StringLike":{"route53:ChangeResourceRecordSetsNormalizedRecordNames":["*.etcd.etcd.internal"]}',
    );
  });

  test('let the networks be changed where the cluster’s tag is, in what is made and in what is there', () => {
    const changing = allowing(stacks.peering, /^ec2:(?!Describe)/);
    expect(changing.length).toBeGreaterThan(5);
    for (const [, { Action, Condition, Resource }] of changing) {
      // A connection that is accepted has no tags in the region where it is; its VPC has, and home's VPC asked for it.
      if (Action === 'ec2:AcceptVpcPeeringConnection' && JSON.stringify(Resource).includes('peering')) {
        expect(JSON.stringify(Condition)).toMatch(
          /^{"ArnLike":{"ec2:RequesterVpc":.*:ec2:eu-west-1:",{"Ref":"AWS::AccountId"},":vpc\/\*"/,
        );
        continue;
      }
      expect(JSON.stringify(Condition)).toMatch(
        /"StringEquals":.*"(ec2:ResourceTag|aws:RequestTag)\/etcd-appliance:cluster":"etcd"/,
      );
    }
  });

  test('let the signer answer instances of both regions, which it looks up in both', () => {
    const [signer] = ofType(stacks.home, 'AWS::Lambda::Function').filter(([id]) => id.startsWith('SignCertificates'));
    const { Variables } = (signer?.[1].Properties.Environment ?? {}) as { Variables: Record<string, unknown> };
    expect(Variables.REGIONS).toBe('eu-west-1,eu-central-1');
    const roles = JSON.stringify(Variables.INSTANCE_ROLES);
    for (const region of ['eu-west-1', 'eu-central-1']) expect(roles).toContain(`etcd-etcd-members-${region}`);
  });
});

describe('existing VPCs', () => {
  const regions = [
    { region: 'eu-west-1', members: 3, vpcId: 'vpc-11111111' },
    { region: 'eu-central-1', members: 2, vpcId: 'vpc-22222222' },
  ];
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'existing-vpcs-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** As `cdk` does it: with what it has looked up, or nothing yet. */
  function synthesized(context: object) {
    const out = mkdtempSync(join(folder, 'out-'));
    const given = ['--settings', JSON.stringify({ regions }), '--bundles', join(folder, 'bundles')];
    const { status, stderr } = spawnSync(process.execPath, ['infra/synthesize.ts', '--outdir', out, ...given], {
      cwd: join(import.meta.dirname, '../..'),
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        CDK_DEFAULT_ACCOUNT: '123456789012',
        CDK_DEFAULT_REGION: 'eu-west-1',
        CDK_CONTEXT_JSON: JSON.stringify(context),
      },
    });
    return { status, out, said: stderr.toString() };
  }

  /** What the CDK's look-up of a VPC finds. @param second octet of its addresses */
  function lookedUp(vpcId: string, region: string, second: number): object {
    const subnets = [0, 1, 2].map((index) => ({
      subnetId: `subnet-${second}${index}`,
      cidr: `10.${second}.${index}.0/24`,
      availabilityZone: `${region}${index}`,
      // Two of them share a table.
      routeTableId: `rtb-${second}${index % 2}`,
    }));
    const key = `vpc-provider:account=123456789012:filter.vpc-id=${vpcId}:region=${region}:returnAsymmetricSubnets=true`;
    const subnetGroups = [{ name: 'Private', type: 'Private', subnets }];
    return { [key]: { vpcId, vpcCidrBlock: `10.${second}.0.0/16`, availabilityZones: [], subnetGroups } };
  }

  test('need credentials, so that they can be looked up', async () => {
    await expect(synthesizedAssembly({ regions })).rejects.toThrow('the vpcId of the settings needs AWS credentials');
  });

  test('are looked up in their regions', () => {
    const { status, out } = synthesized({});
    expect(status).toBe(0);
    const { missing } = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')) as { missing: { key: string }[] };
    expect(missing.map(({ key }) => /filter.vpc-id=([\w-]+):region=([\w-]+)/.exec(key)?.slice(1))).toEqual([
      ['vpc-11111111', 'eu-west-1'],
      ['vpc-22222222', 'eu-central-1'],
    ]);
  });

  test('are connected by their ids, and by the route tables of their members’ subnets alone', () => {
    const { out } = synthesized({
      ...lookedUp('vpc-11111111', 'eu-west-1', 60),
      ...lookedUp('vpc-22222222', 'eu-central-1', 70),
    });
    const peering = templateIn(out, 'etcd-etcd-peering');
    const resources = (action: RegExp) =>
      allowing(peering, action).map(([, { Resource }]) => JSON.stringify(Resource).match(/(vpc|rtb)-\w+/g));
    expect(resources(/^ec2:(Create|Accept)VpcPeering/)).toEqual(
      expect.arrayContaining([['vpc-11111111'], ['vpc-22222222']]),
    );
    const accepted = allowing(peering, /^ec2:AcceptVpcPeering/).map(([, { Condition }]) => JSON.stringify(Condition));
    expect(accepted).toContainEqual(expect.stringContaining('vpc/vpc-11111111'));
    expect(resources(/^ec2:CreateRoute$/)).toEqual([
      ['rtb-600', 'rtb-601'],
      ['rtb-700', 'rtb-701'],
    ]);
    const admitted = rulesOf(templateIn(out, 'etcd-etcd')).map(({ CidrIp }) => CidrIp);
    expect(admitted.filter((block) => block !== undefined)).toEqual(['10.70.0.0/24', '10.70.1.0/24', '10.70.2.0/24']);
  });

  test('must not overlap', () => {
    const both = { ...lookedUp('vpc-11111111', 'eu-west-1', 60), ...lookedUp('vpc-22222222', 'eu-central-1', 60) };
    expect(synthesized(both)).toMatchObject({
      status: 1,
      said: expect.stringContaining('etcd-appliance.regions.1.vpcId is 10.60.0.0/16, which overlaps 10.60.0.0/16'),
    });
  });
});

describe('deletion', () => {
  test.each(['home', 'other'] as const)('of %s is refused before anything of it is gone', (name) => {
    const template = stacks[name];
    const [id, { DependsOn }] = first(template, 'Custom::DeletionGuard');
    const before = new Set([...DependsOn, id]);
    // What the guard itself runs by.
    const own = /^GuardDeletion/;
    const others = Object.keys(template.Resources).filter((one) => !own.test(one));
    expect(others.filter((one) => !before.has(one))).toEqual([]);
  });

  test('of the other region disconnects it after its instances have left', () => {
    const [id, told] = first(stacks.other, 'Custom::RegionVpc');
    expect(first(stacks.other, 'AWS::AutoScaling::AutoScalingGroup')[1].DependsOn).toContain(id);
    expect(told.DependsOn).toContain(first(stacks.other, 'AWS::EC2::VPC')[0]);
  });
});

describe('a deployment that leaves a region out', () => {
  test.each(['with one region', 'with two'])(
    '%s: is asked about before what its members live by is changed',
    (which) => {
      const template = which === 'with two' ? stacks.home : single;
      const [id] = first(template, 'Custom::RegionsCheck');
      expect(only(template, 'Custom::RegionsCheck').Regions).toEqual(only(template, 'Custom::ClusterSettings').Regions);
      const waiting = Object.entries(template.Resources).filter(([, { DependsOn }]) => DependsOn?.includes(id));
      const names = waiting
        .map(([name]) => name.replace(/[0-9A-F]{8}$/, ''))
        .filter((name) => name !== 'DeletionGuard');
      expect(names.sort()).toEqual([
        'ClusterSettings',
        'MemberSecurityGroup',
        'SignCertificates',
        'SignCertificatesRoleDefaultPolicy',
      ]);
    },
  );

  test('is judged by the cluster’s record and groups alone', () => {
    for (const template of [single, stacks.home]) {
      const theirs = allowing(template, /^(?!logs:)/).filter(([id]) => id.startsWith('CheckRegionsRole'));
      expect(theirs.map(([, { Action }]) => Action)).toEqual([
        'dynamodb:GetItem',
        'autoscaling:DescribeAutoScalingGroups',
      ]);
    }
  });
});

describe('the home region', () => {
  test('has what a cluster in one region has, but for the first bootstrap, the guard and what moves members', () => {
    const [one, two] = [single, stacks.home].map(({ Resources }) => Object.keys(Resources)) as [string[], string[]];
    const missing = one.filter((id) => !two.includes(id));
    expect(missing.filter((id) => !/^(First|Start)Bootstrap/.test(id))).toEqual([]);
    const tasks = Object.keys(catalogue).join('|');
    const more = two.filter((id) => !one.includes(id));
    const meant = new RegExp(`^(GuardDeletion|DeletionGuard|HostedZoneId|VpcId|MultiregionMigration|${tasks})`, 'i');
    expect(more.filter((id) => !meant.test(id))).toEqual([]);
    expect(more).toEqual(expect.arrayContaining(['DeletionGuard']));
  });

  test('names what the other region has to know, with one region as with two', () => {
    for (const template of [single, stacks.home]) {
      expect(only(template, 'AWS::DynamoDB::Table').TableName).toBe('etcd-etcd');
      expect(JSON.stringify(only(template, 'AWS::S3::Bucket').BucketName)).toContain('etcd-etcd-');
      expect(only(template, 'AWS::SSM::Document').Name).toBe('etcd-etcd-agent-command');
      expect(only(template, 'AWS::AutoScaling::AutoScalingGroup').AutoScalingGroupName).toBe('etcd-etcd');
    }
  });

  test('shows both groups on the dashboard, and writes both regions to the settings', () => {
    const body = JSON.stringify(only(stacks.home, 'AWS::CloudWatch::Dashboard').DashboardBody);
    expect(body).toContain('Instances of the group in eu-central-1');
    expect(only(stacks.home, 'Custom::ClusterSettings')).toMatchObject({
      Regions: 'eu-west-1,eu-central-1',
      RegionMembers: '3,2',
      Members: '5',
    });
  });
});

test('the connection is looked at again where the settings ask for it', async () => {
  const [usual, again] = [stacks, await stacksOfTwoRegions(unlike)].map(({ peering }) =>
    only(peering, 'Custom::RegionPeering'),
  );
  expect([usual?.Revision, again?.Revision]).toEqual(['1', '2']);
});

describe('the stacks', () => {
  test('are deployed in their regions, the connection after both, and neither region after the other', () => {
    const manifest = JSON.parse(readFileSync(join(stacks.folder, 'manifest.json'), 'utf8')) as {
      artifacts: Record<string, Artifact>;
    };
    const of = (name: string) => {
      const { environment, dependencies = [] } = manifest.artifacts[name] ?? {};
      return { environment, after: dependencies.filter((one) => !one.endsWith('.assets')).sort() };
    };
    const at = (region: string) => `aws://unknown-account/${region}`;
    expect(of('etcd-etcd')).toEqual({ environment: at('eu-west-1'), after: [] });
    expect(of('etcd-etcd-eu-central-1')).toEqual({ environment: at('eu-central-1'), after: [] });
    expect(of('etcd-etcd-peering')).toEqual({
      environment: at('eu-west-1'),
      after: ['etcd-etcd', 'etcd-etcd-eu-central-1'],
    });
  });

  test('are protected from deletion where they are more than one', async () => {
    const protectedIn = (folder: string) => {
      const text = readFileSync(join(folder, 'manifest.json'), 'utf8');
      const { artifacts } = JSON.parse(text) as { artifacts: Record<string, Artifact> };
      return Object.entries(artifacts).flatMap(([name, { type, properties }]) =>
        type === 'aws:cloudformation:stack' ? [[name, properties?.terminationProtection ?? false]] : [],
      );
    };
    expect(protectedIn(stacks.folder).sort()).toEqual([
      ['etcd-etcd', true],
      ['etcd-etcd-eu-central-1', true],
      ['etcd-etcd-peering', true],
    ]);
    expect(protectedIn(await synthesizedAssembly({}))).toEqual([['etcd-etcd', false]]);
  });

  test('name headings of the runbook in their alarms that are there', () => {
    const headings = readFileSync(join(import.meta.dirname, '../../docs/runbook.md'), 'utf8').matchAll(/^## (.+)$/gm);
    const anchors = [...headings].map(([, heading = '']) => heading.toLowerCase().replaceAll(' ', '-'));
    const alarms = ofType(stacks.other, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties);
    expect(alarms).toEqual([expect.objectContaining({ MetricName: 'GroupInServiceInstances', Threshold: 2 })]);
    for (const { AlarmDescription } of alarms)
      expect(anchors).toContain(/#([a-z-]+)/.exec(String(AlarmDescription))?.[1]);
    expect(anchors).toContain('region-needed');
  });

  test('have no finding of cdk-nag without a reason', () => {
    const reports = readdirSync(stacks.folder).filter((file) => file.endsWith('NagReport.csv'));
    expect(reports).toHaveLength(3);
    for (const report of reports) {
      const lines = readFileSync(join(stacks.folder, report), 'utf8').trim().split('\n').slice(1);
      expect(lines.filter((line) => !/","(Compliant|Suppressed)","/.test(line))).toEqual([]);
    }
  });
});
