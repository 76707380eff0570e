/**
 * One member's life in a minute, by which every permission of the stack is needed: created, its instance rotated, upgraded in
 * both ways, operations that are stopped and gone on with, a rotation given up, the stack's records removed. Tasks that an
 * operation reaches only by an accident are called by themselves.
 */
import { AutoScalingClient, ResumeProcessesCommand, SetDesiredCapacityCommand } from '@aws-sdk/client-auto-scaling';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { marshall } from '@aws-sdk/util-dynamodb';
import { expect } from '@jest/globals';
import { made } from '../../infra/local/cloudformation/resources.ts';
import { deployGeneration, startAuthorityRotation } from './authority.ts';
import { askSigner, instanceSession, requestFor } from './certificateSigner.ts';
import { clientIdentity } from './clientIdentity.ts';
import { eventually, type TestCluster } from './cluster.ts';
import { migrate, startMigration } from './migration.ts';
import type { Recording } from './permissions.ts';
import { entered, groupOf, lockOf, rotate, rotationOf } from './rotation.ts';
import { startUpgrade, upgrade } from './upgrade.ts';

type Step = (cluster: TestCluster, recording: Recording) => Promise<void>;

/** The member needs no patch on the way to 3.7, and can be replaced by one of another patch. */
export const firstEtcd = '3.5.31';
/** Settings that are not the defaults. */
export const deployed = { memberHealthyTimeoutSeconds: 60, recordTtlSeconds: 1 } as const;

const bootstrap: Step = async (cluster) => {
  const { firstExecution } = cluster;
  // The second one finds the record written and the cluster not created.
  await entered(cluster, firstExecution, 'Wait until every member is healthy');
  const second = await cluster.run({ cluster: cluster.outputs.ClusterName });
  await succeeds(cluster, firstExecution);
  await succeeds(cluster, second);
  expect(await cluster.ended(await cluster.run({ cluster: 'another' }))).toMatchObject({ error: 'InvalidInput' });
};

/** Once as an agent asks, and once so that it is refused. */
const certificates: Step = async ({ home, members }) => {
  const [member] = await members();
  const caller = instanceSession(home, member?.instanceId ?? '');
  expect((await askSigner(home, caller, requestFor('server', 'peer', 'client').body)).status).toBe(200);
  expect((await askSigner(home, caller, 'nonsense')).status).toBe(400);
};

/** Stopped in the middle and gone on with; meanwhile somebody resumes what it has suspended. */
const rotation: Step = async (cluster) => {
  const execution = await rotate(cluster, { reason: 'new image' });
  await entered(cluster, execution, 'Wait until a new member has joined');
  await cluster.states.send(new StopExecutionCommand({ executionArn: execution }));
  const again = await rotate(cluster, { reason: 'new image' });
  await entered(cluster, again, 'Add an instance');
  await autoscaling(cluster, (client, AutoScalingGroupName) =>
    client.send(new ResumeProcessesCommand({ AutoScalingGroupName, ScalingProcesses: ['AZRebalance'] })),
  );
  await succeeds(cluster, again);
};

/** By new instances, then by new binaries; stopped in the middle and gone on with. */
const upgrades: Step = async (cluster) => {
  const replaced = await upgrade(cluster, { to: '3.5.35', strategy: 'replace' });
  expect([replaced.status, replaced.cause]).toEqual(['SUCCEEDED', undefined]);
  const execution = await startUpgrade(cluster, { to: '3.7.3' });
  await entered(cluster, execution, 'Climb one hop');
  await cluster.states.send(new StopExecutionCommand({ executionArn: execution }));
  const resumed = await upgrade(cluster, { action: 'resume' });
  expect([resumed.status, resumed.cause]).toEqual(['SUCCEEDED', undefined]);
};

/** From TLS, stopped in the middle and gone on with, and back. */
const migration: Step = async (cluster) => {
  const execution = await startMigration(cluster, { to: 'both' });
  await entered(cluster, execution, 'Reconfigure the members');
  await cluster.states.send(new StopExecutionCommand({ executionArn: execution }));
  for (const to of ['both', 'tls']) {
    const end = await migrate(cluster, { to });
    expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
  }
};

/** To a key of the next generation, stopped in the middle and gone on with. */
const authority: Step = async (cluster) => {
  await deployGeneration(cluster, { members: 1, etcd: firstEtcd }, 2, deployed);
  await clientIdentity(cluster, 'app');
  const execution = await startAuthorityRotation(cluster, { sign: 'now', drop: 'now' });
  await entered(cluster, execution, 'Have every member show certificates of it');
  await cluster.states.send(new StopExecutionCommand({ executionArn: execution }));
  await cluster.ended(execution);
  await succeeds(cluster, await startAuthorityRotation(cluster, { sign: 'now', drop: 'now' }));
};

/** Tasks of failures, and of v2 keys: what they ask of the agent may be refused, or end in a failure that it tells of. */
const accidents: Step = async (cluster, recording) => {
  const [member] = await cluster.members();
  const name = member?.instanceId ?? '';
  const hop = { kind: 'patch', from: '3.7.3', to: '3.7.3', clusterVersion: '9.9.0', snapshotCount: 0, v2Api: false };
  // A token that nobody waits for: telling of the outcome needs the permission all the same.
  const taskToken = 'A'.repeat(128);
  const { token = 0 } = (await lockOf(cluster)) ?? {};
  const held = { execution: cluster.firstExecution, token, leaseSeconds: 60 };
  const input = { ...held, hop, member: name, taskToken };
  await invoke(cluster, 'JudgeCluster', held);
  await invoke(cluster, 'DescribeMember', { ...held, attempt: 0, member: { name, instanceId: name } });
  await invoke(cluster, 'DeleteV2Keys', input);
  await invoke(cluster, 'UpgradeMember', input);
  await invoke(cluster, 'AwaitClusterVersion', input);
  await told(cluster, recording, 'states:SendTaskHeartbeat', 'states:SendTaskFailure');
};

/** A rotation that somebody stopped: its group is put back, by the task and, where the lock was taken from it, by the agent. */
const givenUp: Step = async (cluster) => {
  const execution = await rotate(cluster, { reason: 'given up' });
  await entered(cluster, execution, 'Wait until a new member has joined');
  await cluster.states.send(new StopExecutionCommand({ executionArn: execution }));
  await eventually('the successor is there', async () => (await groupOf(cluster)).instances.length === 2);
  const { token = 0 } = (await lockOf(cluster)) ?? {};
  const held = { execution, token, leaseSeconds: 60 };
  await invoke(cluster, 'RestoreGroup', held);
  await eventually('the successor goes', async () => (await groupOf(cluster)).instances.length === 1);
  // As if it had been stopped before it chose anybody, and somebody had added an instance since.
  const { current: _, restoredAt: __, ...begun } = (await rotationOf(cluster)) ?? {};
  await put(cluster, begun);
  await autoscaling(cluster, (client, AutoScalingGroupName) =>
    client.send(new SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity: 2 })),
  );
  await invoke(cluster, 'RestoreGroup', held);
  expect(await groupOf(cluster)).toMatchObject({ desired: 1 });
};

/** As the runbook says it, the holder of the lock goes; its leader's agent sees to the rest. */
const leftBehind: Step = async (cluster) => {
  const execution = await rotate(cluster, { reason: 'left behind' });
  await entered(cluster, execution, 'Wait until a new member has joined');
  await cluster.states.send(new StopExecutionCommand({ executionArn: execution }));
  const { cluster: name, item, token } = (await lockOf(cluster)) ?? {};
  await put(cluster, { cluster: name, item, token });
  await eventually('they are resumed', async () => (await groupOf(cluster)).suspended.length === 0);
};

const deletion: Step = async (cluster, recording) => {
  await told(cluster, recording, 'logs:CreateLogStream', 'logs:PutLogEvents');
  const { home } = cluster;
  const records = made(home.context).find(({ type }) => type === 'Custom::ClusterRecords');
  if (records === undefined) throw new Error('the stack has no Custom::ClusterRecords');
  await home.services.customResources.provider.delete?.(records, records);
};

type Scene = readonly [what: string, step: Step];

export const scenario: readonly [Scene, ...Scene[]] = [
  ['created, and started anew meanwhile', bootstrap],
  ['its instance given certificates', certificates],
  ['its instance rotated', rotation],
  ['upgraded in both ways', upgrades],
  ['taken from TLS and back', migration],
  ['its certificate authority replaced', authority],
  ['tasks of accidents', accidents],
  ['a rotation left behind', leftBehind],
  ['a rotation given up', givenUp],
  ['its records removed', deletion],
];

/** Waits until the agent has asked for all of these; metrics go out once a minute. */
async function told(cluster: TestCluster, recording: Recording, ...actions: readonly string[]): Promise<void> {
  const role = roleNamed(cluster, 'MemberRole');
  const asked = async () => {
    const made = recording.needed(role).map(({ action }) => action);
    return actions.every((action) => made.includes(action));
  };
  await eventually(actions.join(), asked, 70_000);
}

export async function succeeds(cluster: TestCluster, executionArn: string): Promise<void> {
  const { status, cause } = await cluster.ended(executionArn);
  expect([status, cause]).toEqual(['SUCCEEDED', undefined]);
}

/** Physical id of the role whose logical id begins so. */
function roleNamed({ home }: TestCluster, name: string): string {
  const found = made(home.context).find(
    ({ type, logicalId }) => type === 'AWS::IAM::Role' && logicalId.startsWith(name),
  );
  return found?.physicalId ?? '';
}

/** What it answers, or fails with, does not matter here. */
export async function invoke(cluster: TestCluster, task: string, input: object): Promise<void> {
  const named = new RegExp(`^${task}[0-9A-F]{8}$`);
  const found = made(cluster.home.context).find(
    ({ type, logicalId }) => type === 'AWS::Lambda::Function' && named.test(logicalId),
  );
  const client = new LambdaClient(callers(cluster));
  await client
    .send(new InvokeCommand({ FunctionName: found?.physicalId, Payload: JSON.stringify(input) }))
    .finally(() => client.destroy());
}

async function put(cluster: TestCluster, item: object): Promise<void> {
  const client = new DynamoDBClient(callers(cluster));
  const Item = marshall(item, { removeUndefinedValues: true });
  await client.send(new PutItemCommand({ TableName: cluster.outputs.TableName, Item })).finally(() => client.destroy());
}

async function autoscaling(
  cluster: TestCluster,
  call: (client: AutoScalingClient, group: string) => Promise<unknown>,
): Promise<void> {
  const client = new AutoScalingClient(callers(cluster));
  await call(client, cluster.outputs.GroupName ?? '').finally(() => client.destroy());
}

function callers({ home: { endpoint, credentials, context } }: TestCluster) {
  return { endpoint, credentials, region: context.region };
}
