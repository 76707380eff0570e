/** The link between two regions is cut for a minute in the middle of an operation. `TESTS=all`. */
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { eventually, openTestCluster, type TestCluster } from './cluster.ts';
import { expectPlaced } from './multiregion.ts';
import { cutLink, gatheredAtHome, membersByRegion, spread, startRegionChange } from './regionMembers.ts';
import { startRegisters } from './registers.ts';
import { expectUpgraded, startUpgrade, statesEntered } from './upgrade.ts';

jest.setTimeout(900_000);

const all = process.env.TESTS === 'all';
let cluster: TestCluster;
afterEach(() => cluster?.close());

async function created(members: readonly [number, number]): Promise<void> {
  const settings = { memberHealthyTimeoutSeconds: 120 };
  cluster = await openTestCluster({ members, etcd: '3.5.35', roundTripMs: 25, settings });
  expect(await cluster.ended(cluster.firstExecution)).toMatchObject({ status: 'SUCCEEDED' });
}

/** Names of the members, as the leader lists them. */
const listedAtHome = (): Promise<readonly string[]> =>
  eventually('a leader at home', async () => {
    const leader = (await membersByRegion(cluster))[0]?.find(({ member }) => member?.isLeader);
    return leader?.member?.members.map(({ name }) => name).filter((name) => name !== '');
  });

/** Once the execution has entered the state, for a minute; home takes writes all the time, and nobody is removed. */
async function cutDuring(execution: string, state: string): Promise<void> {
  await eventually(
    `${state} is entered`,
    async () => (await statesEntered(cluster, execution)).includes(state),
    120_000,
  );
  // An instance that has not joined yet is none of them.
  const before = await listedAtHome();
  const here = ((await membersByRegion(cluster))[0] ?? []).map(({ address }) => address);
  const registers = startRegisters({ cluster, etcd: '3.5.35', addresses: () => here, everyMs: 50 });
  await cutLink(cluster, true);
  await new Promise((resolve) => setTimeout(resolve, 60_000));
  expect(await listedAtHome()).toEqual(expect.arrayContaining([...before]));
  await cutLink(cluster, false);
  const { conflicts, counts } = await registers.stop([]);
  expect(conflicts).toEqual([]);
  expect(counts.ok).toBeGreaterThan(counts.unknown);
}

/** It waited, or it was halted and is gone on with. */
async function endsWell(execution: string, again: (input: unknown) => Promise<string>): Promise<void> {
  let end = await cluster.ended(execution);
  if (end.status === 'FAILED') end = await cluster.ended(await again({ action: 'resume' }));
  expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
}

(all ? describe : describe.skip)('the link is cut for a minute', () => {
  test('in the middle of an upgrade', async () => {
    await created([2, 1]);
    const upgrade = (input: unknown) => startUpgrade(cluster, input);
    const execution = await upgrade({ to: '3.6.16' });
    await cutDuring(execution, 'Climb one hop');
    await endsWell(execution, upgrade);
    await expectUpgraded(cluster, '3.6.16', 3);
    await expectPlaced(cluster, [2, 1]);
  });

  test.each([
    ['Add an instance', [3, 0], spread(2, 1), [2, 1]],
    ['Take an instance out', [2, 1], gatheredAtHome(3), [3, 0]],
  ] as const)('in the middle of a migration, at "%s"', async (state, from, input, to) => {
    await created(from);
    const change = (asked: unknown) => startRegionChange(cluster, asked);
    const execution = await change(input);
    await cutDuring(execution, state);
    await endsWell(execution, change);
    await expectPlaced(cluster, to);
  });
});
