/**
 * RollingUpgrade to a patch that is interrupted, at each of its states (upgradeFaultTable.ts): it goes on by itself, or is gone
 * on with, to the same end, and starts no member twice. Each fault at each of its states is `TESTS=all`; otherwise it is stopped
 * at some states, and every other fault comes once. States that a patch does not enter: upgradeMinorFaults.test.ts, upgradeReplacementFaults.test.ts.
 */
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { eventually, type TestCluster } from './cluster.ts';
import { lockOf } from './rotation.ts';
import { createdWith, expectUpgraded, startedSince, startsOf, upgrade } from './upgrade.ts';
import { statesWith, type UpgradeState, upgradeStates } from './upgradeFaultTable.ts';
import { goOnWith, type Interruption, interrupted, lost, refused } from './upgradeInterruption.ts';

jest.setTimeout(300_000);

const versions = ['3.5.31', '3.5.35'] as const;
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await createdWith(versions[0], 3, 30);
});
afterAll(() => cluster?.close());
afterEach(() => cluster.home.services.disturbances.removeAll());

/** The release that the cluster does not run: each test goes there. */
async function other(): Promise<string> {
  const [first] = await cluster.members();
  return versions.find((version) => version !== first?.status?.etcd.version) ?? '';
}

const all = process.env.TESTS === 'all';
const named = (states: readonly UpgradeState[], names: readonly string[]) =>
  states.filter(({ name }) => all || names.includes(name)).map((state) => [state.name, state] as const);

async function endsWell(end: Awaited<ReturnType<typeof upgrade>>, to: string): Promise<void> {
  expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
  cluster.home.services.disturbances.removeAll();
  await expectUpgraded(cluster, to, 3);
}

/** In a member's step; where nothing has begun, and at the end, is `TESTS=all`, as all states between are. */
const stops = ['Upgrade the member'];
const abandoned = ['Upgrade the member', ...(all ? ['Take the operation lock', 'Begin the upgrade'] : [])];

describe('RollingUpgrade that is stopped', () => {
  test.each(named(statesWith('the execution is stopped', 'patch'), stops))(
    'at "%s" is gone on with, and starts no member twice',
    async (_name, state) => {
      const [to, before] = [await other(), await startsOf(cluster)];
      expect(await interrupted(cluster, { to }, [state], 'the execution is stopped')).toMatchObject({
        status: 'ABORTED',
      });
      await endsWell(await upgrade(cluster, await goOnWith(cluster, { to }, state)), to);
      expect(await startedSince(cluster, before)).toEqual([1, 1, 1]);
    },
  );

  test.each(abandoned)('at "%s" is abandoned, and the next one begins anew', async (name) => {
    const state = upgradeStates.find((one) => one.name === name) as UpgradeState;
    const to = await other();
    expect(await interrupted(cluster, { to }, [state], 'the execution is stopped')).toMatchObject({
      status: 'ABORTED',
    });
    await eventually('the lock is held', async () => (await lockOf(cluster))?.holder !== undefined);
    const left = await upgrade(cluster, { action: 'abandon' });
    expect([left.status, left.cause]).toEqual(['SUCCEEDED', undefined]);
    expect((await lockOf(cluster))?.holder).toBeUndefined();
    await endsWell(await upgrade(cluster, { to }), to);
  });
});

/** Those that it gets over by itself, and the one state of the short run, where there is one. */
const passing = [
  ['its Lambda dies', ''],
  ['DynamoDB throttles it', 'Choose the next hop'],
  ['the agents are killed', 'Upgrade the member'],
  ['Run Command says nothing for a while', ''],
  ['the agent’s answer is lost', 'Wait until the member reports it'],
] as const satisfies readonly (readonly [Interruption, string])[];

describe('RollingUpgrade goes on by itself', () => {
  test.each(
    passing.flatMap(([fault, shortlyAt]) =>
      named(statesWith(fault, 'patch'), [shortlyAt]).map(([name, state]) => [fault, name, state] as const),
    ),
  )('when %s at "%s"', async (fault, _name, state) => {
    const [to, before] = [await other(), await startsOf(cluster)];
    await endsWell(await interrupted(cluster, { to }, [state], fault), to);
    expect(await startedSince(cluster, before)).toEqual([1, 1, 1]);
  });
});

describe('RollingUpgrade whose commands Run Command refuses', () => {
  test.each(named(statesWith('Run Command fails', 'patch'), ['Install the release']))(
    'at "%s" halts, and is gone on with',
    async (_name, state) => {
      const [to, before] = [await other(), await startsOf(cluster)];
      await refused(cluster, { to }, state);
      await endsWell(await upgrade(cluster, await goOnWith(cluster, { to }, state)), to);
      expect(await startedSince(cluster, before)).toEqual([1, 1, 1]);
    },
  );
});

// Once is in upgradeFaults.test.ts.
(all ? describe : describe.skip)('RollingUpgrade under which an instance disappears', () => {
  test.each(named(statesWith('an instance disappears', 'patch'), []))(
    'at "%s" ends, and is begun anew once the cluster is whole',
    async (_name, state) => {
      const to = await other();
      await lost(cluster, { to }, state);
      const again = await upgrade(cluster, { to });
      expect([again.status, again.cause]).toEqual(['SUCCEEDED', undefined]);
      const runs = (await cluster.members()).map(({ status }) => status?.etcd.version);
      expect(runs).toEqual([to, to, to]);
    },
  );
});
