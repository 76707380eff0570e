/** A home with one Auto Scaling group of instances whose agent does nothing but run: fast, and real processes. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { EC2Client } from '@aws-sdk/client-ec2';
import { type Home, openHome } from '../../../../infra/local/home.ts';
import { documents } from '../../../../infra/local/wire/documents.ts';

export const groupName = 'members';

export interface SmallHome {
  readonly home: Home;
  readonly folder: string;
  readonly autoscaling: AutoScalingClient;
  readonly ec2: EC2Client;
  close(): Promise<void>;
}

/** Counts its starts in a file of the disk and keeps a child, as etcd is one. */
const agent = `
const { appendFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { spawn } = require('node:child_process');
const root = process.env.ETCD_AGENT_ROOT;
appendFileSync(join(root, 'starts'), process.pid + '\\n');
const child = spawn('sleep', ['1000'], { cwd: root, detached: true, stdio: 'ignore' });
writeFileSync(join(root, 'child'), String(child.pid));
writeFileSync(join(root, 'run/etcd-agent/ready'), 'yes');
setInterval(() => {}, 1000);
`;

export async function openSmallHome(desiredCapacity: number): Promise<SmallHome> {
  const folder = mkdtempSync(join(tmpdir(), 'etcd-appliance-group-'));
  const home = await openHome({ folder });
  await describeInstances(home);
  home.services.autoscaling.createGroup({
    name: groupName,
    minSize: 0,
    maxSize: 6,
    desiredCapacity,
    subnets: ['a', 'b', 'c'].map((zone) => ({ zone: `eu-west-1${zone}`, subnetId: `subnet-${zone}`, vpcId: 'vpc-1' })),
    launchTemplate: { id: 'lt-1', name: 'member', version: '1' },
    tags: { part: 'one' },
  });
  return smallHome(home, folder);
}

/** Closes the home and opens it again on the same data. */
export async function reopen(small: SmallHome, between: () => void | Promise<void> = () => {}): Promise<SmallHome> {
  small.autoscaling.destroy();
  small.ec2.destroy();
  await small.home.close();
  await between();
  return reopened(small.folder);
}

export async function reopened(folder: string): Promise<SmallHome> {
  return smallHome(await openHome({ folder }), folder);
}

function smallHome(home: Home, folder: string): SmallHome {
  const client = {
    endpoint: home.endpoint,
    region: home.context.region,
    credentials: home.credentials,
    maxAttempts: 1,
  };
  const autoscaling = new AutoScalingClient(client);
  const ec2 = new EC2Client(client);
  return {
    home,
    folder,
    autoscaling,
    ec2,
    async close() {
      autoscaling.destroy();
      ec2.destroy();
      await home.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function describeInstances({ services, context }: Home): Promise<void> {
  const { network, s3 } = services;
  const bytes = Buffer.from(agent);
  s3.store.createBucket('agents');
  await s3.store.put('agents', 'agent.cjs', Readable.from([bytes]));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const script = `#!/bin/bash\nAGENT_BUCKET=agents\nAGENT_KEY=agent.cjs\nAGENT_SHA256=${sha256}\n`;
  network.profiles.put('member', {
    name: 'member',
    arn: 'arn:aws:iam::123456789012:instance-profile/member',
    roleName: 'member',
  });
  allowBoot(services, context);
  const data = {
    ImageId: 'ami-1',
    InstanceType: 'm6i.large',
    UserData: Buffer.from(script).toString('base64'),
    IamInstanceProfile: { Name: 'member' },
  };
  network.templates.put('lt-1', { id: 'lt-1', name: 'member', versions: [data] });
}

/** Asks again until the answer is there. */
export async function eventually<T>(ask: () => T | Promise<T>, withinMs = 30_000): Promise<NonNullable<T>> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${ask}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The instances' role, as a stack would have made it: a home that is opened again knows it. */
function allowBoot({ roles }: Home['services'], { database }: Home['context']): void {
  const statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::agents/*' };
  const properties = { Policies: [{ PolicyName: 'boot', PolicyDocument: { Statement: [statement] } }] };
  const role = { type: 'AWS::IAM::Role', physicalId: 'member', properties, attributes: {} };
  documents(database, 'cloudformation_resources').put('small/Role', { ...role, stackName: 'small', logicalId: 'Role' });
  roles.putRole('member', properties);
}
