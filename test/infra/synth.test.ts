/** What `cdk deploy` would make: the synthesized templates. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { synthesizedAssembly } from '../../infra/local/start/assembly.ts';

jest.setTimeout(120_000);

interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
  readonly DeletionPolicy?: string;
  readonly DependsOn?: readonly string[];
}
interface Template {
  readonly Resources: Record<string, Resource>;
  readonly Outputs: Record<string, unknown>;
}

const folders = new Map<string, string>();
async function assembly(settings: Record<string, unknown>): Promise<Template> {
  const folder = await synthesizedAssembly(settings);
  folders.set(JSON.stringify(settings), folder);
  return JSON.parse(readFileSync(join(folder, 'etcd-etcd.template.json'), 'utf8')) as Template;
}
function all(template: Template, type: string): Record<string, unknown>[] {
  return Object.values(template.Resources)
    .filter(({ Type }) => Type === type)
    .map(({ Properties }) => Properties);
}

let template: Template;
let other: Template;
let single: Template;
beforeAll(async () => {
  template = await assembly({});
  single = await assembly({ members: 1 });
  other = await assembly({
    members: 5,
    architecture: 'arm64',
    dataVolumeGiB: 100,
    hostedZone: { name: 'other.internal', id: 'Z0123456789ABC' },
    clientCidrs: ['10.8.0.0/16'],
    clientSecurityGroups: ['sg-0123456789abcdef0'],
    alarmTopicArn: 'arn:aws:sns:eu-west-1:123456789012:pagers',
  });
});

describe('the launch template', () => {
  const dataOf = (from: Template) =>
    all(from, 'AWS::EC2::LaunchTemplate')[0]?.LaunchTemplateData as Record<string, unknown>;

  test('requires IMDSv2 and shows tags in metadata', () => {
    expect(dataOf(template).MetadataOptions).toMatchObject({ HttpTokens: 'required', InstanceMetadataTags: 'enabled' });
  });

  test('has an encrypted gp3 data volume beside an encrypted root', () => {
    const volumes = (from: Template) => (dataOf(from).BlockDeviceMappings as { Ebs: object }[]).map(({ Ebs }) => Ebs);
    for (const volume of volumes(template)) expect(volume).toMatchObject({ Encrypted: true, VolumeType: 'gp3' });
    expect(volumes(template)).toContainEqual(expect.objectContaining({ VolumeSize: 20 }));
    expect(volumes(other)).toContainEqual(expect.objectContaining({ VolumeSize: 100 }));
  });

  test('fits the architecture', () => {
    expect(dataOf(template).InstanceType).toBe('m6i.large');
    expect(dataOf(other).InstanceType).toBe('m7g.large');
    expect(JSON.stringify(dataOf(other).ImageId)).toMatch(/arm64/i);
  });
});

describe('the group', () => {
  test('has one instance per member over three zones, and room for one more', () => {
    const [group] = all(template, 'AWS::AutoScaling::AutoScalingGroup');
    expect(group).toMatchObject({ MinSize: '3', MaxSize: '4' });
    expect(group?.VPCZoneIdentifier).toHaveLength(3);
    expect(all(other, 'AWS::AutoScaling::AutoScalingGroup')[0]).toMatchObject({ MinSize: '5', MaxSize: '6' });
  });
});

describe('an instance', () => {
  test('boots only when its subnets have a way out and its role may read the agent', () => {
    const group = Object.values(template.Resources).find(({ Type }) => Type === 'AWS::AutoScaling::AutoScalingGroup');
    const before = (group?.DependsOn ?? []).map((name) => template.Resources[name]?.Type);
    expect(before).toEqual(expect.arrayContaining(['Custom::AgentRelease', 'AWS::IAM::Policy']));
    expect(before.filter((type) => type === 'AWS::EC2::Route').length).toBeGreaterThanOrEqual(3);
  });
});

describe('the security group', () => {
  const rules = (from: Template) => [
    ...all(from, 'AWS::EC2::SecurityGroupIngress'),
    ...all(from, 'AWS::EC2::SecurityGroup').flatMap(
      ({ SecurityGroupIngress = [] }) => SecurityGroupIngress as Record<string, unknown>[],
    ),
  ];

  test('lets members reach each other and, unasked, nobody else', () => {
    expect(rules(template)).toEqual([
      expect.objectContaining({ FromPort: 2379, ToPort: 2380, SourceSecurityGroupId: expect.anything() }),
    ]);
  });

  test('lets in the clients that were named, on 2379 alone', () => {
    const clients = rules(other).filter(({ ToPort }) => ToPort === 2379);
    expect(clients).toContainEqual(expect.objectContaining({ FromPort: 2379, CidrIp: '10.8.0.0/16' }));
    expect(clients).toContainEqual(
      expect.objectContaining({ FromPort: 2379, SourceSecurityGroupId: 'sg-0123456789abcdef0' }),
    );
    expect(rules(other).filter(({ CidrIp }) => CidrIp === '0.0.0.0/0')).toEqual([]);
  });
});

describe('the stack', () => {
  test('makes a private hosted zone, or takes the one that is there', () => {
    expect(all(template, 'AWS::Route53::HostedZone')[0]).toMatchObject({
      Name: 'etcd.internal.',
      VPCs: expect.anything(),
    });
    expect(all(other, 'AWS::Route53::HostedZone')).toEqual([]);
  });

  test('keeps the cluster record with point-in-time recovery when the stack is deleted', () => {
    const table = Object.values(template.Resources).find(({ Type }) => Type === 'AWS::DynamoDB::Table');
    expect(table?.DeletionPolicy).toBe('Retain');
    expect(table?.Properties).toMatchObject({ PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } });
  });

  test('keeps the bucket private and encrypted', () => {
    expect(all(template, 'AWS::S3::Bucket')[0]).toMatchObject({
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
      BucketEncryption: expect.anything(),
    });
  });

  test('lets nothing in the bucket expire but what was replaced, deleted or never finished', () => {
    expect(all(template, 'AWS::S3::Bucket')[0]).toMatchObject({
      VersioningConfiguration: { Status: 'Enabled' },
      LifecycleConfiguration: {
        Rules: [
          {
            NoncurrentVersionExpiration: { NoncurrentDays: 30 },
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
            Status: 'Enabled',
          },
        ],
      },
    });
  });

  test('logs and traces the state machine', () => {
    expect(all(template, 'AWS::StepFunctions::StateMachine')[0]).toMatchObject({
      LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: true },
      TracingConfiguration: { Enabled: true },
    });
  });

  test('gives no task a permission on everything, except where AWS knows no resource', () => {
    const unscoped = all(template, 'AWS::IAM::Policy')
      .flatMap(({ PolicyDocument }) => (PolicyDocument as { Statement: Record<string, unknown>[] }).Statement)
      .filter(({ Resource }) => Resource === '*')
      .flatMap(({ Action }) => Action as string | string[]);
    const known = /^(autoscaling|ec2):Describe|^states:SendTask|^ssm:GetCommandInvocation|^xray:|^logs:/;
    expect(unscoped.filter((action) => !known.test(action))).toEqual([]);
  });

  test('tells where to watch', () => {
    const names = ['WatchBootstrap', 'ClusterBootstrapArn', 'HostedZoneName', 'GroupName', 'TableName', 'BucketName'];
    expect(Object.keys(template.Outputs)).toEqual(expect.arrayContaining(names));
    expect(JSON.stringify(template.Outputs.WatchBootstrap)).toContain('console.aws.amazon.com/states');
  });

  test('tells the topic of every alarm and of its end', () => {
    const topic = 'arn:aws:sns:eu-west-1:123456789012:pagers';
    for (const alarm of all(other, 'AWS::CloudWatch::Alarm'))
      expect(alarm).toMatchObject({ AlarmActions: [topic], OKActions: [topic] });
    for (const alarm of all(template, 'AWS::CloudWatch::Alarm')) expect(alarm.AlarmActions).toBeUndefined();
  });

  test('names a runbook heading in every alarm', () => {
    const alarms = all(template, 'AWS::CloudWatch::Alarm');
    expect(alarms.length).toBeGreaterThan(0);
    for (const { AlarmDescription } of alarms) expect(AlarmDescription).toMatch(/docs\/runbook\.md#[a-z-]+/);
  });

  test('has every heading that an alarm names', () => {
    const headings = readFileSync(join(import.meta.dirname, '../../docs/runbook.md'), 'utf8').matchAll(/^## (.+)$/gm);
    const anchors = [...headings].map(([, heading = '']) => heading.toLowerCase().replaceAll(' ', '-'));
    const named = all(template, 'AWS::CloudWatch::Alarm').map(
      ({ AlarmDescription }) => /#([a-z-]+)/.exec(String(AlarmDescription))?.[1],
    );
    expect(named.filter((anchor) => !anchors.includes(anchor ?? ''))).toEqual([]);
  });

  test('lets agents write their metrics to one log group', () => {
    const groups = all(template, 'AWS::Logs::LogGroup').map(({ LogGroupName }) => LogGroupName);
    expect(groups).toContain('/etcd-appliance/etcd');
    const statements = all(template, 'AWS::IAM::Policy')
      .flatMap(({ PolicyDocument }) => (PolicyDocument as { Statement: Record<string, unknown>[] }).Statement)
      .filter(({ Action }) => JSON.stringify(Action).includes('logs:PutLogEvents'))
      .filter(({ Resource }) => JSON.stringify(Resource).includes(':log-group:/etcd-appliance/etcd:*'));
    expect(statements.map(({ Action }) => Action)).toEqual([['logs:CreateLogStream', 'logs:PutLogEvents']]);
  });

  test('shows alarms, members, group and operations on a dashboard', () => {
    const [dashboard] = all(template, 'AWS::CloudWatch::Dashboard');
    expect(dashboard?.DashboardName).toBe('etcd-etcd');
    const body = JSON.stringify(dashboard?.DashboardBody);
    const parts = ['QuorumMargin', 'DatabaseSize', 'GroupInServiceInstances', 'ExecutionsFailed', 'LockHeldFor'];
    for (const part of parts) expect(body).toContain(part);
  });

  test('takes the spare voters of the cluster for granted only where it has some', () => {
    const threshold = (from: Template) =>
      all(from, 'AWS::CloudWatch::Alarm').find(({ MetricName }) => MetricName === 'QuorumMargin')?.Threshold;
    expect([threshold(template), threshold(single)]).toEqual([1, 0]);
  });

  test('has no finding of cdk-nag without a reason', () => {
    for (const folder of folders.values()) {
      const report = readdirSync(folder).find((file) => file.endsWith('NagReport.csv')) ?? '';
      const lines = readFileSync(join(folder, report), 'utf8').trim().split('\n').slice(1);
      expect(lines.length).toBeGreaterThan(20);
      expect(lines.filter((line) => !/","(Compliant|Suppressed)","/.test(line))).toEqual([]);
    }
  });
});
