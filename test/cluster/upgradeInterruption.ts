/** Upgrades of a test's cluster to which something happens while they are in the middle of a state. */
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { expect } from '@jest/globals';
import type { DeployedTask } from '../../tasks/catalogue.ts';
import { eventually, type TestCluster } from './cluster.ts';
import { cutPower } from './instanceFaults.ts';
import { callerOf, type HeldLambda, haltLambdaOf, killLambdaOf } from './lambdas.ts';
import { groupOf, lockOf } from './rotation.ts';
import { startUpgrade, threeHealthy, timeOutsOf, upgrade } from './upgrade.ts';
import { firstCall, type UpgradeFault, type UpgradeState } from './upgradeFaultTable.ts';

export type Ended = Awaited<ReturnType<TestCluster['ended']>>;

/** What comes in the middle of a state; one that Run Command refuses is `refused`. */
export type Interruption = Exclude<UpgradeFault, 'Run Command fails'>;
/** Lets it happen, and says afterwards whether anything noticed it. */
type Happening = (cluster: TestCluster, state: UpgradeState, execution: string) => Promise<() => boolean>;
const noticed = () => true;

/** Long enough to be seen. What a stopped execution still does comes late, too. */
const heldMs = 1_500;

/**
 * Starts an upgrade and lets something happen at each of these states, when its task is in the middle of its first call to AWS.
 * @param states of one path, in its order
 * @returns its end
 * @throws Error where it has ended before it reached one of them
 */
export async function interrupted(
  cluster: TestCluster,
  input: unknown,
  states: readonly UpgradeState[],
  fault: Interruption,
): Promise<Ended> {
  if (fault === 'DynamoDB throttles it') return throttled(cluster, input, states);
  // An agent is killed when it has the command.
  const operation = fault === 'the agents are killed' ? 'GetCommandInvocation' : undefined;
  const holds: (HeldLambda | undefined)[] = [];
  for (const [index, { task }] of states.entries())
    if (index === 0 || firstCall(task) !== null) holds[index] = await holdUp(cluster, task, operation);
  const execution = await startUpgrade(cluster, input);
  let early: Ended | undefined;
  const end = cluster.ended(execution).then((ended) => {
    early = ended;
    return ended;
  });
  end.catch(() => undefined);
  const seen: (readonly [string, () => boolean])[] = [];
  for (const [index, state] of states.entries()) {
    const hold = holds[index] ?? (await holdUp(cluster, state.task));
    await eventually(`${state.name} is entered`, async () => hold.reached() || early, 180_000);
    if (!hold.reached()) throw new Error(`${state.name} was not entered: ${early?.status} ${early?.cause}`);
    seen.push([state.name, await happenings[fault](cluster, state, execution)]);
    hold.release();
  }
  const ended = await end;
  for (const [name, was] of seen) expect([name, was()]).toEqual([name, true]);
  return ended;
}

/** From a task's first call on: one that makes all of its calls at once has none left when the first is held up. */
async function throttled(cluster: TestCluster, input: unknown, states: readonly UpgradeState[]): Promise<Ended> {
  const rules = states.map(({ name, task }) => {
    // More often than the SDK tries again.
    const rule = { service: 'dynamodb', caller: callerOf(task), kind: 'throttle', times: 8 } as const;
    return { name, handle: cluster.home.services.disturbances.add(rule) };
  });
  const ended = await cluster.ended(await startUpgrade(cluster, input));
  for (const { name, handle } of rules) expect([name, handle.applied > 0]).toEqual([name, true]);
  return ended;
}

/** @param operation of Systems Manager; absent: the first call, whatever it is */
async function holdUp(cluster: TestCluster, task: DeployedTask, operation?: string): Promise<HeldLambda> {
  const service = operation === undefined ? firstCall(task) : 'ssm';
  if (service === null) return haltLambdaOf(cluster.home, task);
  const delay = cluster.home.services.disturbances.add({
    service,
    ...(operation && { operation }),
    caller: callerOf(task),
    kind: 'delay',
    delayMs: heldMs,
    times: 1,
  });
  return { reached: () => delay.applied > 0, release: delay.remove };
}

const happenings: Readonly<Record<Exclude<Interruption, 'DynamoDB throttles it'>, Happening>> = {
  async 'its Lambda dies'({ home }, { task }) {
    await killLambdaOf(home, task);
    return noticed;
  },
  async 'the execution is stopped'({ states }, _state, executionArn) {
    await states.send(new StopExecutionCommand({ executionArn }));
    return noticed;
  },
  async 'the agents are killed'(cluster) {
    const { machine } = cluster.home.services.ec2;
    const pids = (await cluster.members()).flatMap(({ instanceId }) => machine(instanceId)?.agentPid() ?? []);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    return () => pids.length > 0;
  },
  async 'an instance disappears'(cluster) {
    await cutPower(cluster.home, await aFollower(cluster));
    return noticed;
  },
  async 'Run Command says nothing for a while'({ home }, { task }) {
    const handle = home.services.disturbances.add({
      service: 'ssm',
      operation: 'GetCommandInvocation',
      caller: callerOf(task),
      kind: 'error',
      code: 'InvocationDoesNotExist',
      statusCode: 400,
      times: 15,
    });
    return () => handle.applied > 0;
  },
  async 'the agent’s answer is lost'(cluster, _state, execution) {
    const before = await timeOutsOf(cluster, execution);
    // The agent tries on: it is lost once the state has heard nothing for so long that it begins anew.
    const rule = { service: 'states', operation: /^SendTask/, kind: 'drop', when: 'before' } as const;
    const handle = cluster.home.services.disturbances.add(rule);
    await eventually('the state times out', async () => (await timeOutsOf(cluster, execution)) > before, 90_000);
    handle.remove();
    return () => handle.applied > 0;
  },
};

/** Starts an upgrade, of which Run Command refuses every command of this state's task until it has halted. */
export async function refused(cluster: TestCluster, input: unknown, { name, task }: UpgradeState): Promise<Ended> {
  const rule = { service: 'ssm', operation: 'SendCommand', caller: callerOf(task), kind: 'error' } as const;
  const handle = cluster.home.services.disturbances.add(rule);
  const end = await upgrade(cluster, input);
  expect([name, handle.applied > 0, end.status]).toEqual([name, true, 'FAILED']);
  handle.remove();
  return end;
}

/** As an operator would: what was halted is resumed, and what had not begun is begun again. */
export async function goOnWith(cluster: TestCluster, input: unknown, { begun }: UpgradeState): Promise<unknown> {
  const held = (await lockOf(cluster))?.holder !== undefined;
  return held && begun ? { action: 'resume' } : input;
}

/**
 * Loses a follower at this state. What has halted under the lock is abandoned; what had not begun may see a new member in time.
 * Resolves once the cluster is whole.
 */
export async function lost(cluster: TestCluster, input: unknown, state: UpgradeState): Promise<void> {
  const before = (await cluster.home.instances()).map(({ instanceId }) => instanceId);
  const end = await interrupted(cluster, input, [state], 'an instance disappears');
  const held = (await lockOf(cluster))?.holder !== undefined;
  expect([state.name, held]).toEqual([state.name, state.begun]);
  if (state.begun) expect(end.status).toBe('FAILED');
  if (held) expect(await upgrade(cluster, { action: 'abandon' })).toMatchObject({ status: 'SUCCEEDED' });
  const now = (await groupOf(cluster)).instances;
  await threeHealthy(cluster, before.find((id) => !now.includes(id)) ?? '');
}

/** A member that would not have left in any case. */
async function aFollower(cluster: TestCluster): Promise<string> {
  const { instances } = await groupOf(cluster);
  const followers = (await cluster.members()).filter(
    ({ instanceId, status }) => instances.includes(instanceId) && status?.member?.isLeader === false,
  );
  return followers[0]?.instanceId ?? '';
}
