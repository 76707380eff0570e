/** What the contract tests need to be there first, made in this home by its services and in moto by AWS's own calls. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudWatchClient, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { EC2Client, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { CreateFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CreateDocumentCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { Home } from '../../../../infra/local/home.ts';
import type { CommandDocument } from '../../../../infra/local/ssm/document.ts';
import { type Target, targets } from './target.ts';

export type Arranged = Target & Arrangements;

interface Arrangements {
  /** @param source an ES module that exports `handler`; moto runs none, it answers with the payload */
  createFunction(name: string, source: string): Promise<void>;
  createDocument(name: string, content: CommandDocument): Promise<void>;
  /** @returns the id of a running instance that Systems Manager reaches */
  launchInstance(): Promise<string>;
  putAlarm(name: string): Promise<void>;
  /** Makes a log group with one stream, `stream`. */
  createLog(group: string, lines: readonly string[]): Promise<void>;
}

export const arranged: readonly [name: string, open: () => Promise<Arranged>][] = targets.map(([name, open]) => [
  name,
  async () => {
    const target = await open();
    return { ...target, ...(target.home ? inHome(target.home) : inMoto(target.client)) };
  },
]);

const roleArn = 'arn:aws:iam::123456789012:role/contract';

function inHome({ services, context }: Home): Arrangements {
  const { lambda, ssm, ec2, monitoring } = services;
  return {
    async createFunction(name, source) {
      const code = join(context.folder, `function-${name}`);
      mkdirSync(code);
      writeFileSync(join(code, 'index.mjs'), source);
      const size = { timeoutSeconds: 10, memoryMiB: 128, variables: {}, runtime: 'nodejs24.x' };
      lambda.createFunction({
        name,
        code,
        handler: 'index.handler',
        roleArn,
        logGroup: `/aws/lambda/${name}`,
        ...size,
      });
    },
    createDocument: async (name, content) => ssm.createDocument(name, content),
    async launchInstance() {
      const { instanceId } = ec2.launch(
        {
          imageId: 'ami-00000000000000001',
          instanceType: 'm6i.large',
          securityGroupIds: [],
          roleName: 'contract',
          instanceProfileArn: 'arn:aws:iam::123456789012:instance-profile/contract',
          // Installs no agent: the machine is there, and Run Command with it.
          userData: Buffer.from('#!/bin/sh\n').toString('base64'),
          tags: {},
        },
        { zone: 'eu-west-1a', subnetId: 'subnet-00000000000000001', vpcId: 'vpc-00000000000000001' },
      );
      const booted = () => ec2.instances().find((one) => one.instanceId === instanceId)?.stateReason !== undefined;
      while (!booted()) await sleep(10);
      return instanceId;
    },
    async putAlarm(name) {
      monitoring.putAlarm(name, {});
    },
    async createLog(group, lines) {
      monitoring.createLogGroup(group, 30);
      for (const line of lines) monitoring.writeLog(group, 'stream', line);
    },
  };
}

function inMoto(client: Target['client']): Arrangements {
  return {
    async createFunction(FunctionName) {
      // Without Docker moto has one answer for every function: what it was given.
      const body = JSON.stringify({ lambda: { use_docker: false } });
      await fetch(`${client.endpoint}/moto-api/config`, { method: 'POST', body });
      await createRole(client.endpoint);
      const code = { Code: { ZipFile: emptyZip }, Runtime: 'nodejs22.x', Handler: 'index.handler' } as const;
      await new LambdaClient(client).send(new CreateFunctionCommand({ FunctionName, Role: roleArn, ...code }));
    },
    async createDocument(Name, content) {
      const document = {
        Name,
        Content: JSON.stringify(content),
        DocumentType: 'Command',
        DocumentFormat: 'JSON',
      } as const;
      await new SSMClient(client).send(new CreateDocumentCommand(document));
    },
    async launchInstance() {
      const run = new RunInstancesCommand({ ImageId: 'ami-12c6146b', MinCount: 1, MaxCount: 1 });
      return (await new EC2Client(client).send(run)).Instances?.[0]?.InstanceId ?? '';
    },
    async putAlarm(AlarmName) {
      const metric = { Namespace: 'AWS/EC2', MetricName: 'CPUUtilization', Statistic: 'Average', Period: 60 } as const;
      const limit = { EvaluationPeriods: 1, Threshold: 90, ComparisonOperator: 'GreaterThanThreshold' } as const;
      await new CloudWatchClient(client).send(new PutMetricAlarmCommand({ AlarmName, ...metric, ...limit }));
    },
    async createLog(logGroupName, lines) {
      const logs = new CloudWatchLogsClient(client);
      await logs.send(new CreateLogGroupCommand({ logGroupName }));
      await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName: 'stream' }));
      const logEvents = lines.map((message, index) => ({ message, timestamp: Date.now() + index }));
      await logs.send(new PutLogEventsCommand({ logGroupName, logStreamName: 'stream', logEvents }));
    },
  };
}

/** A zip archive of nothing: its end record alone (PKWARE's APPNOTE, 4.3.16). */
const emptyZip = Buffer.from(`504b0506${'00'.repeat(18)}`, 'hex');

/** moto wants a function's role to be there. IAM has no client here, so its Query API is asked by hand. */
async function createRole(endpoint: string): Promise<void> {
  const authorization =
    'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=none';
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [] });
  const body = new URLSearchParams({
    Action: 'CreateRole',
    Version: '2010-05-08',
    RoleName: 'contract',
    AssumeRolePolicyDocument,
  });
  await fetch(endpoint, { method: 'POST', headers: { authorization }, body });
}
