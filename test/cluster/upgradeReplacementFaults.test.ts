/**
 * RollingUpgrade that replaces instances, fails at it, is refused or is abandoned, interrupted at each state that only such an
 * upgrade enters (upgradeFaultTable.ts): one kind of fault in one upgrade. All of it is `TESTS=all`.
 */
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { auditTrail } from './afterScenario.ts';
import { eventually, type TestCluster } from './cluster.ts';
import { callerOf } from './lambdas.ts';
import { groupOf, lockOf, rotationOf } from './rotation.ts';
import { createdWith, expectUpgraded, startedSince, startsOf, upgrade } from './upgrade.ts';
import { statesWith, type UpgradeState, upgradeStates } from './upgradeFaultTable.ts';
import { type Ended, goOnWith, type Interruption, interrupted, lost, refused } from './upgradeInterruption.ts';

jest.setTimeout(900_000);

const versions = ['3.5.31', '3.5.35'] as const;
const resume = { action: 'resume' };
const abandon = { action: 'abandon' };
const stopped = 'the execution is stopped';
let cluster: TestCluster;

const all = process.env.TESTS === 'all';
beforeAll(async () => {
  if (all) cluster = await createdWith(versions[0], 3, 60);
});
afterAll(() => cluster?.close());
afterEach(() => cluster?.home.services.disturbances.removeAll());

/** The release that not every member runs: each test goes there. */
async function other(): Promise<string> {
  const members = await cluster.members();
  return versions.find((version) => members.some(({ status }) => status?.etcd.version !== version)) ?? '';
}
const replacing = async () => ({ to: await other(), strategy: 'replace' });

const states = (name: string) => upgradeStates.filter((state) => state.name === name);
const launched = () => cluster.home.services.ec2.instances().map(({ instanceId }) => instanceId);

/** Three members run it, the group is as it was, nobody holds the lock. */
async function whole(end: Ended, to: string): Promise<void> {
  expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
  await eventually('those that leave are gone', async () => (await cluster.members()).length === 3);
  await expectUpgraded(cluster, to, 3);
  expect(await groupOf(cluster)).toMatchObject({ desired: 3, suspended: [] });
  expect((await groupOf(cluster)).instances).toHaveLength(3);
}

/** Each instance that was there has been replaced, and once. */
async function replacedOnce({ instances, at }: Awaited<ReturnType<typeof now>>): Promise<void> {
  const trail = (await auditTrail(cluster)).filter((entry) => entry.at >= at);
  const replaced = trail.flatMap(({ what }) => /^instance (\S+) is terminated, replaced by/.exec(what)?.[1] ?? []);
  expect(replaced.sort()).toEqual(instances);
  expect((await rotationOf(cluster))?.restoredAt).toEqual(expect.any(String));
}

/** The instances, by name, and the time. */
const now = async () => ({ instances: (await groupOf(cluster)).instances, at: new Date().toISOString() });

const describeAll = all ? describe : describe.skip;

describeAll('RollingUpgrade that replaces instances', () => {
  const passing: readonly Interruption[] = [
    'its Lambda dies',
    'DynamoDB throttles it',
    'the agents are killed',
    'Run Command says nothing for a while',
    'the agent’s answer is lost',
  ];
  test.each(passing)('goes on by itself when at each of its states %s', async (fault) => {
    const [request, known, before] = [await replacing(), launched(), await now()];
    await whole(await interrupted(cluster, request, statesWith(fault, 'replace'), fault), request.to);
    await replacedOnce(before);
    expect(launched().filter((id) => !known.includes(id))).toHaveLength(3);
  });

  /** After the last replacement: who goes on from there replaces nobody. */
  const last = ['Give the group back', 'Let nobody join any more'];
  const stops = statesWith(stopped, 'replace');
  test.each([
    ['each of its other states in turn', stops.filter(({ name }) => !last.includes(name))] as const,
    ...last.map((name) => [name, stops.filter((state) => state.name === name)] as const),
  ])('that is stopped at %s is gone on with, and replaces each instance once', async (_where, at) => {
    const [request, before] = [await replacing(), await now()];
    let input: unknown = request;
    for (const state of at) {
      expect(await interrupted(cluster, input, [state], stopped)).toMatchObject({ status: 'ABORTED' });
      input = resume;
    }
    await whole(await upgrade(cluster, input), request.to);
    await replacedOnce(before);
  });

  test('that Run Command fails at each of its states in turn puts the group back, and is gone on with', async () => {
    const [request, before] = [await replacing(), await now()];
    let input: unknown = request;
    for (const state of statesWith('Run Command fails', 'replace')) {
      await refused(cluster, input, state);
      expect(await groupOf(cluster)).toMatchObject({ desired: 3, suspended: [] });
      input = resume;
    }
    await whole(await upgrade(cluster, input), request.to);
    await replacedOnce(before);
  });

  test('that loses an instance at each of its states in turn halts, and is begun anew', async () => {
    const request = await replacing();
    for (const state of statesWith('an instance disappears', 'replace')) await lost(cluster, request, state);
    await whole(await upgrade(cluster, request), request.to);
  });
});

/** Leaves one that was stopped while a new instance was on its way. */
async function leaveHalfway(request: unknown): Promise<void> {
  const end = await interrupted(cluster, request, states('Wait until a new member has joined'), stopped);
  expect(end).toMatchObject({ status: 'ABORTED' });
  expect((await rotationOf(cluster))?.restoredAt).toBeUndefined();
}

describeAll('RollingUpgrade that gives the group back before it goes on', () => {
  test.each(['its Lambda dies', 'DynamoDB throttles it'] as const)('does so when %s', async (fault) => {
    const [request, before] = [await replacing(), await now()];
    await leaveHalfway(request);
    await whole(await interrupted(cluster, resume, statesWith(fault, 'resume'), fault), request.to);
    await replacedOnce(before);
  });

  test('and is stopped at that is gone on with', async () => {
    const [request, before] = [await replacing(), await now()];
    await leaveHalfway(request);
    for (const state of statesWith(stopped, 'resume'))
      expect(await interrupted(cluster, resume, [state], stopped)).toMatchObject({ status: 'ABORTED' });
    await whole(await upgrade(cluster, resume), request.to);
    await replacedOnce(before);
  });
});

/** What AWS refuses and no SDK tries again. */
const forbids = (service: 'autoscaling' | 'dynamodb', task: string) =>
  cluster.home.services.disturbances.add({
    service,
    caller: callerOf(task),
    kind: 'error',
    code: 'ValidationError',
    statusCode: 400,
    message: `not for ${task}`,
  });

describeAll('RollingUpgrade that cannot replace an instance', () => {
  const forbidden = () => forbids('autoscaling', 'terminateInstance');

  test.each(['its Lambda dies', 'DynamoDB throttles it'] as const)(
    'puts the group back when at each state of that %s, and is gone on with',
    async (fault) => {
      const [request, before, rule] = [await replacing(), await now(), forbidden()];
      const end = await interrupted(cluster, request, statesWith(fault, 'failure'), fault);
      expect([end.status, rule.applied > 0]).toEqual(['FAILED', true]);
      expect(end.cause).toContain('not for terminateInstance');
      expect(await groupOf(cluster)).toMatchObject({ desired: 3, suspended: [] });
      expect(await lockOf(cluster)).not.toHaveProperty('joins');
      rule.remove();
      await whole(await upgrade(cluster, resume), request.to);
      await replacedOnce(before);
    },
  );

  test('and is stopped at each state of that in turn is gone on with', async () => {
    const [request, before, rule] = [await replacing(), await now(), forbidden()];
    let input: unknown = request;
    for (const state of statesWith(stopped, 'failure')) {
      expect(await interrupted(cluster, input, [state], stopped)).toMatchObject({ status: 'ABORTED' });
      input = resume;
    }
    rule.remove();
    await whole(await upgrade(cluster, input), request.to);
    await replacedOnce(before);
  });
});

describeAll.each([['halt', 'finishUpgrade'] as const, ['refusal', 'takeLock'] as const])(
  'RollingUpgrade that fails (%s)',
  (path, task) => {
    test.each(['its Lambda dies', stopped] as const)('and says why when %s, is gone on with', async (fault) => {
      const [to, before, rule] = [await other(), await startsOf(cluster), forbids('dynamodb', task)];
      const [state] = statesWith(fault, path);
      const end = await interrupted(cluster, { to }, [state as UpgradeState], fault);
      expect([end.status, rule.applied > 0]).toEqual([fault === stopped ? 'ABORTED' : 'FAILED', true]);
      if (fault !== stopped) expect(end.cause).toContain(`not for ${task}`);
      rule.remove();
      await whole(await upgrade(cluster, await goOnWith(cluster, { to }, state as UpgradeState)), to);
      expect(await startedSince(cluster, before)).toEqual([1, 1, 1]);
    });
  },
);

describeAll('RollingUpgrade that is abandoned while it replaces an instance', () => {
  /** Members and group are whole, and the next upgrade finds nothing that is owed. */
  async function beginsAnew(): Promise<void> {
    expect((await lockOf(cluster))?.holder).toBeUndefined();
    await eventually('the group is whole', async () => (await groupOf(cluster)).instances.length === 3, 60_000);
    expect(await groupOf(cluster)).toMatchObject({ desired: 3, suspended: [] });
    const request = await replacing();
    await whole(await upgrade(cluster, request), request.to);
  }

  test.each(['its Lambda dies', 'DynamoDB throttles it'] as const)('is left well when %s', async (fault) => {
    await leaveHalfway(await replacing());
    const end = await interrupted(cluster, abandon, statesWith(fault, 'abandon'), fault);
    expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
    expect(JSON.parse(end.output ?? '{}')).toMatchObject({ abandoned: true });
    await beginsAnew();
  });

  test('and is stopped at each state of that in turn can be abandoned again', async () => {
    await leaveHalfway(await replacing());
    for (const state of statesWith(stopped, 'abandon'))
      expect(await interrupted(cluster, abandon, [state], stopped)).toMatchObject({ status: 'ABORTED' });
    // The last of them may have released it after all.
    const end = await upgrade(cluster, abandon);
    if (end.status !== 'SUCCEEDED') expect(end.cause).toContain('there is no halted upgrade to abandon');
    await beginsAnew();
  });
});
