/** What each call needs: a row for every operation that the home has, and what the rows say. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Home, openHome } from '../../../../infra/local/home.ts';
import { s3Requests } from '../../../../infra/local/iam/actions/s3.ts';
import type { Facts } from '../../../../infra/local/iam/facts.ts';
import { actions, requestsOf } from '../../../../infra/local/iam/requests.ts';
import { createOperations } from '../../../../infra/local/route53/operations.ts';
import { createSts } from '../../../../infra/local/sts/index.ts';

jest.setTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), 'iam-'));
let home: Home;
beforeAll(async () => {
  home = await openHome({ folder, resume: false });
});
afterAll(async () => {
  await home.close();
  rmSync(folder, { recursive: true, force: true });
});

const decoded = () => {
  const { ec2, autoscaling, ssm, kms, lambda, states, monitoring } = home.services;
  return [ec2, autoscaling, ssm, kms, lambda, states, createSts(home.context), ...monitoring.services];
};

describe('every operation of the home has a row', () => {
  test('of the services that are decoded', () => {
    const missing = decoded().flatMap(({ name, operations }) =>
      Object.keys(operations).flatMap((one) => (actions[name]?.[one] === undefined ? [`${name} ${one}`] : [])),
    );
    expect(missing).toEqual([]);
    const services = [...decoded().map(({ name }) => name), 'dynamodb', 'route53', 'events'];
    expect(Object.keys(actions).sort()).toEqual(services.sort());
  });

  test('of Route 53', () => {
    const names = Object.keys(createOperations(home.context, home.services.route53.zones, () => true)).sort();
    expect(Object.keys(actions.route53 ?? {}).sort()).toEqual(names);
  });

  test('of DynamoDB, as dynalite has them', () => {
    const folder = join(import.meta.dirname, '../../../../node_modules/dynalite/actions');
    const names = readdirSync(folder).map((file) => `${file.charAt(0).toUpperCase()}${file.slice(1, -3)}`);
    expect(Object.keys(actions.dynamodb ?? {}).sort()).toEqual(names.sort());
  });

  test('and none that it does not have', () => {
    for (const { name, operations } of decoded())
      expect(Object.keys(actions[name] ?? {}).sort()).toEqual(Object.keys(operations).sort());
  });

  test('what has none is not allowed', () => {
    expect(() => requestsOf('dynamodb', 'TransactWriteItems', {}, facts)).toThrow('TransactWriteItems');
  });
});

const facts: Facts = {
  region: 'eu-west-1',
  account: '123456789012',
  instanceTags: (id): Readonly<Record<string, string>> => (id === 'i-1' ? { cluster: 'etcd' } : {}),
  group: (name) => (name === 'members' ? { arn: 'arn:group', tags: { cluster: 'etcd' } } : null),
  keyArn: (id) => (id === 'alias/audit' ? 'arn:key' : null),
  groupOf: (id) => (id === 'i-1' ? 'members' : null),
  networkTags: (id): Readonly<Record<string, string>> => (id.endsWith('-1') ? { cluster: 'etcd' } : {}),
  vpcOfRouteTable: (id) => (id === 'rtb-1' ? 'vpc-1' : null),
  peering: (id) =>
    id === 'pcx-1' ? { tags: { cluster: 'etcd' }, requesterVpc: `${ec2}:vpc/vpc-1`, accepterVpc: peerVpc } : null,
};
const tags = (service: string) => ({ 'aws:ResourceTag/cluster': ['etcd'], [`${service}/cluster`]: ['etcd'] });
const ssm = 'arn:aws:ssm:eu-west-1:123456789012';
const ec2 = 'arn:aws:ec2:eu-west-1:123456789012';
const peerVpc = 'arn:aws:ec2:eu-central-1:123456789012:vpc/vpc-2';
const table = 'arn:aws:dynamodb:eu-west-1:123456789012:table/record';
const record = { TableName: 'record', partitionKeys: { record: 'cluster' } };
const item = { cluster: { S: 'etcd' }, item: { S: 'lock' } };

const requestedTags = { 'aws:RequestTag/cluster': ['etcd'], 'aws:TagKeys': ['cluster'] };
const peeringKeys = {
  ...tags('ec2:ResourceTag'),
  'ec2:VpcPeeringConnectionID': ['pcx-1'],
  'ec2:RequesterVpc': [`${ec2}:vpc/vpc-1`],
  'ec2:AccepterVpc': [peerVpc],
};

describe('a call needs', () => {
  test.each<[string, string, object, readonly (readonly [string, string, object])[]]>([
    ['sts', 'GetCallerIdentity', {}, []],
    ['ec2', 'DescribeInstances', {}, [['ec2:DescribeInstances', '*', {}]]],
    [
      'ec2',
      'TerminateInstances',
      { InstanceIds: ['i-1', 'i-2'] },
      [
        ['ec2:TerminateInstances', `${ec2}:instance/i-1`, tags('ec2:ResourceTag')],
        ['ec2:TerminateInstances', `${ec2}:instance/i-2`, {}],
      ],
    ],
    ['ec2', 'DescribeVpcPeeringConnections', {}, [['ec2:DescribeVpcPeeringConnections', '*', {}]]],
    [
      'ec2',
      'CreateTags',
      { Resources: ['pcx-1', 'rtb-9'], Tags: [{ Key: 'Name', Value: 'n' }] },
      [
        [
          'ec2:CreateTags',
          `${ec2}:vpc-peering-connection/pcx-1`,
          { ...tags('ec2:ResourceTag'), 'aws:RequestTag/Name': ['n'], 'aws:TagKeys': ['Name'] },
        ],
        ['ec2:CreateTags', `${ec2}:route-table/rtb-9`, { 'aws:RequestTag/Name': ['n'], 'aws:TagKeys': ['Name'] }],
      ],
    ],
    [
      'ec2',
      'CreateRoute',
      { RouteTableId: 'rtb-1', DestinationCidrBlock: '10.43.0.0/16' },
      [
        [
          'ec2:CreateRoute',
          `${ec2}:route-table/rtb-1`,
          { ...tags('ec2:ResourceTag'), 'ec2:RouteTableID': ['rtb-1'], 'ec2:Vpc': [`${ec2}:vpc/vpc-1`] },
        ],
      ],
    ],
    [
      'ec2',
      'CreateVpcPeeringConnection',
      {
        VpcId: 'vpc-1',
        PeerVpcId: 'vpc-2',
        PeerRegion: 'eu-central-1',
        TagSpecifications: [{ ResourceType: 'vpc-peering-connection', Tags: [{ Key: 'cluster', Value: 'etcd' }] }],
      },
      [
        ['ec2:CreateVpcPeeringConnection', `${ec2}:vpc/vpc-1`, { ...tags('ec2:ResourceTag'), 'ec2:VpcID': ['vpc-1'] }],
        [
          'ec2:CreateVpcPeeringConnection',
          `${ec2}:vpc-peering-connection/*`,
          { ...requestedTags, 'ec2:RequesterVpc': [`${ec2}:vpc/vpc-1`], 'ec2:AccepterVpc': [peerVpc] },
        ],
        [
          'ec2:CreateTags',
          `${ec2}:vpc-peering-connection/*`,
          { ...requestedTags, 'ec2:CreateAction': ['CreateVpcPeeringConnection'] },
        ],
      ],
    ],
    [
      'ec2',
      'AcceptVpcPeeringConnection',
      { VpcPeeringConnectionId: 'pcx-1' },
      [
        ['ec2:AcceptVpcPeeringConnection', `${ec2}:vpc-peering-connection/pcx-1`, peeringKeys],
        ['ec2:AcceptVpcPeeringConnection', `${ec2}:vpc/vpc-2`, { 'ec2:VpcID': ['vpc-2'] }],
      ],
    ],
    [
      'ec2',
      'DeleteVpcPeeringConnection',
      { VpcPeeringConnectionId: 'pcx-1' },
      [['ec2:DeleteVpcPeeringConnection', `${ec2}:vpc-peering-connection/pcx-1`, peeringKeys]],
    ],
    [
      'autoscaling',
      'SetDesiredCapacity',
      { AutoScalingGroupName: 'members' },
      [['autoscaling:SetDesiredCapacity', 'arn:group', tags('autoscaling:ResourceTag')]],
    ],
    [
      'autoscaling',
      'SetDesiredCapacity',
      { AutoScalingGroupName: 'other' },
      [
        [
          'autoscaling:SetDesiredCapacity',
          'arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:*:autoScalingGroupName/other',
          {},
        ],
      ],
    ],
    [
      'autoscaling',
      'TerminateInstanceInAutoScalingGroup',
      { InstanceId: 'i-1' },
      [['autoscaling:TerminateInstanceInAutoScalingGroup', 'arn:group', tags('autoscaling:ResourceTag')]],
    ],
    [
      'ssm',
      'SendCommand',
      { DocumentName: 'agent', InstanceIds: ['i-1'] },
      [
        ['ssm:SendCommand', `${ssm}:document/agent`, {}],
        ['ssm:SendCommand', `${ec2}:instance/i-1`, tags('ssm:resourceTag')],
      ],
    ],
    ['ssm', 'GetParameter', { Name: '/a/b' }, [['ssm:GetParameter', `${ssm}:parameter/a/b`, {}]]],
    ['kms', 'Sign', { KeyId: 'alias/audit' }, [['kms:Sign', 'arn:key', {}]]],
    ['lambda', 'Invoke', { FunctionName: 'arn:f' }, [['lambda:InvokeFunction', 'arn:f', {}]]],
    ['states', 'StartExecution', { stateMachineArn: 'arn:m' }, [['states:StartExecution', 'arn:m', {}]]],
    ['states', 'DescribeExecution', { executionArn: 'arn:e' }, [['states:DescribeExecution', 'arn:e', {}]]],
    ['states', 'SendTaskSuccess', { taskToken: 't' }, [['states:SendTaskSuccess', '*', {}]]],
    [
      'logs',
      'PutLogEvents',
      { logGroupName: '/g', logStreamName: 's' },
      [['logs:PutLogEvents', 'arn:aws:logs:eu-west-1:123456789012:log-group:/g:log-stream:s', {}]],
    ],
    [
      'dynamodb',
      'PutItem',
      { ...record, Item: item },
      [['dynamodb:PutItem', table, { 'dynamodb:LeadingKeys': ['etcd'] }]],
    ],
    [
      'dynamodb',
      'Query',
      {
        ...record,
        KeyConditionExpression: '#c = :c AND begins_with(#i, :i)',
        ExpressionAttributeNames: { '#c': 'cluster', '#i': 'item' },
        ExpressionAttributeValues: { ':c': { S: 'etcd' }, ':i': { S: 'audit' } },
      },
      [['dynamodb:Query', table, { 'dynamodb:LeadingKeys': ['etcd'] }]],
    ],
    ['dynamodb', 'Scan', record, [['dynamodb:Scan', table, {}]]],
    [
      'dynamodb',
      'BatchWriteItem',
      { partitionKeys: record.partitionKeys, RequestItems: { record: [{ DeleteRequest: { Key: item } }] } },
      [['dynamodb:BatchWriteItem', table, { 'dynamodb:LeadingKeys': ['etcd'] }]],
    ],
    [
      'route53',
      'ChangeResourceRecordSets',
      {
        HostedZoneId: '/hostedzone/Z1',
        ChangeBatch: {
          Changes: [
            { Action: 'UPSERT', ResourceRecordSet: { Name: '_etcd._TCP.etcd.Internal.', Type: 'SRV' } },
            { Action: 'UPSERT', ResourceRecordSet: { Name: '*.etcd.internal', Type: 'A' } },
          ],
        },
      },
      [
        [
          'route53:ChangeResourceRecordSets',
          'arn:aws:route53:::hostedzone/Z1',
          {
            'route53:ChangeResourceRecordSetsNormalizedRecordNames': [
              '_etcd._tcp.etcd.internal',
              '\\052.etcd.internal',
            ],
            'route53:ChangeResourceRecordSetsRecordTypes': ['SRV', 'A'],
            'route53:ChangeResourceRecordSetsActions': ['UPSERT'],
          },
        ],
      ],
    ],
    [
      'route53',
      'AssociateVPCWithHostedZone',
      { HostedZoneId: 'Z1', VPC: { VPCId: 'vpc-2', VPCRegion: 'eu-central-1' } },
      [
        [
          'route53:AssociateVPCWithHostedZone',
          'arn:aws:route53:::hostedzone/Z1',
          { 'route53:VPCs': ['VPCId=vpc-2,VPCRegion=eu-central-1'] },
        ],
        ['ec2:DescribeVpcs', '*', {}],
      ],
    ],
    [
      'lambda',
      'GetFunctionUrlConfig',
      { FunctionName: 'signer' },
      [
        [
          'lambda:GetFunctionUrlConfig',
          'arn:aws:lambda:eu-west-1:123456789012:function:signer',
          { 'lambda:FunctionUrlAuthType': ['AWS_IAM'] },
        ],
      ],
    ],
    ['route53', 'GetChange', { Id: '/change/C1' }, [['route53:GetChange', 'arn:aws:route53:::change/C1', {}]]],
  ])('%s %s %j', (service, operation, input, expected) => {
    const needed = requestsOf(service, operation, input, facts);
    expect(needed.map(({ action, resource, context }) => [action, resource, context])).toEqual(expected);
  });

  test.each([
    ['GET', '', '', '', {}, ['s3:ListAllMyBuckets *']],
    ['GET', 'b', '', 'prefix=releases/', {}, ['s3:ListBucket arn:aws:s3:::b s3:prefix=releases/']],
    ['HEAD', 'b', '', '', {}, ['s3:ListBucket arn:aws:s3:::b']],
    ['GET', 'b', '', 'uploads', {}, ['s3:ListBucketMultipartUploads arn:aws:s3:::b']],
    ['HEAD', 'b', 'a/k', '', {}, ['s3:GetObject arn:aws:s3:::b/a/k']],
    ['PUT', 'b', 'k', '', {}, ['s3:PutObject arn:aws:s3:::b/k']],
    [
      'PUT',
      'b',
      'k',
      '',
      { 'x-amz-copy-source': '/c/d%20e' },
      ['s3:GetObject arn:aws:s3:::c/d e', 's3:PutObject arn:aws:s3:::b/k'],
    ],
    ['POST', 'b', 'k', 'uploads', {}, ['s3:PutObject arn:aws:s3:::b/k']],
    ['DELETE', 'b', 'k', 'uploadId=1', {}, ['s3:AbortMultipartUpload arn:aws:s3:::b/k']],
    ['DELETE', 'b', 'k', '', {}, ['s3:DeleteObject arn:aws:s3:::b/k']],
  ])('S3 %s %s/%s?%s %j', (method, bucket, key, query, headers, expected) => {
    const needed = s3Requests({ method, bucket, key, query: new URLSearchParams(query), headers });
    const said = (needed ?? []).map(({ action, resource, context }) =>
      [action, resource, ...Object.entries(context).map(([name, values]) => `${name}=${values}`)].join(' '),
    );
    expect(said).toEqual(expected);
  });
});
