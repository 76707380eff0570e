/** User data waits for the agent's bundle, which the first region's stack brings: also across a restart, and not for ever. */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { Instance } from '../../../../infra/local/ec2/instance.ts';
import { processesOf } from '../../../../infra/local/ec2/processes.ts';
import { type Home, openHome } from '../../../../infra/local/home.ts';
import { eventually } from '../autoscaling/smallHome.ts';
import { assemblyOf } from '../home/assembly.ts';

jest.setTimeout(60_000);

const region = 'eu-central-1';
const agent = Buffer.from(`
require('node:fs').writeFileSync(require('node:path').join(process.env.ETCD_AGENT_ROOT, 'ran'), '');
setInterval(() => {}, 1000);
`);

let folder: string;
let home: Home;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'user-data-'));
  home = await openHome({ folder: join(folder, 'home') });
  const statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::agents/*' };
  const Policies = [{ PolicyName: 'boot', PolicyDocument: { Statement: [statement] } }];
  const Role = { Type: 'AWS::IAM::Role', Properties: { RoleName: 'member', Policies } };
  await home.deploy(assemblyOf(folder, [{ name: 'role', region, resources: { Role } }]));
});
afterEach(async () => {
  await home.close();
  rmSync(folder, { recursive: true, force: true });
});

async function launch(Bucket = 'agents'): Promise<Instance> {
  const sha256 = createHash('sha256').update(agent).digest('hex');
  const script = `#!/bin/bash\nAGENT_BUCKET=${Bucket}\nAGENT_KEY=agent.cjs\nAGENT_SHA256=${sha256}\n`;
  const { ec2 } = (await home.region(region)).services;
  const specification = {
    imageId: 'ami-1',
    instanceType: 'm6i.large',
    securityGroupIds: [],
    roleName: 'member',
    instanceProfileArn: '',
    userData: Buffer.from(script).toString('base64'),
    tags: {},
  };
  return ec2.launch(specification, { zone: `${region}a`, subnetId: 'subnet-1', vpcId: 'vpc-1' });
}

async function now({ instanceId }: Instance): Promise<Instance | undefined> {
  const { ec2 } = (await home.region(region)).services;
  return ec2.instances().find((one) => one.instanceId === instanceId);
}
async function waits({ instanceId }: Instance): Promise<void> {
  const machine = await eventually(async () => (await home.region(region)).services.ec2.machine(instanceId));
  await machine.waiting;
}
const rootOf = ({ instanceId }: Instance) => join(folder, 'home/regions', region, 'instances', instanceId);
const publish = async () => {
  home.services.s3.store.createBucket('agents');
  await home.services.s3.store.put('agents', 'agent.cjs', Readable.from([agent]));
};

test('an instance whose bundle is not there runs, and boots when it is', async () => {
  const instance = await launch();
  await waits(instance);
  expect(await now(instance)).toMatchObject({ state: 'running', booted: false });
  expect(existsSync(join(rootOf(instance), 'ran'))).toBe(false);
  await publish();
  await eventually(async () => (await now(instance))?.booted);
  await eventually(() => existsSync(join(rootOf(instance), 'ran')));
});

test('a home that is opened again does not wait for it, and the instance goes on waiting', async () => {
  const instance = await launch();
  await waits(instance);
  await home.close();
  home = await openHome({ folder: join(folder, 'home') });
  await waits(instance);
  await publish();
  await eventually(() => existsSync(join(rootOf(instance), 'ran')));
});

test('an instance that waits can be terminated', async () => {
  const instance = await launch();
  await waits(instance);
  await (await home.region(region)).services.ec2.terminate(instance.instanceId, 'a test');
  await publish();
  expect(await now(instance)).toMatchObject({ state: 'terminated', booted: false });
  expect(processesOf(rootOf(instance))).toEqual([]);
});

test('one that may not read the bundle fails to boot, saying so', async () => {
  const instance = await launch('secrets');
  const said = await eventually(async () => (await now(instance))?.stateReason);
  expect(said).toContain('not authorized to perform: s3:GetObject');
});
