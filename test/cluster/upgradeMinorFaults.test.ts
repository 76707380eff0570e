/**
 * RollingUpgrade through minors, with keys of the v2 API that it deletes, that is interrupted at each state that only such an
 * upgrade enters (upgradeFaultTable.ts): one kind of fault in one upgrade. A minor is climbed once, so each has a cluster of its
 * own, and all of it is `TESTS=all`.
 */
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { TestCluster } from './cluster.ts';
import { createdWith, expectUpgraded, startedSince, startsOf, upgrade } from './upgrade.ts';
import { statesWith } from './upgradeFaultTable.ts';
import { type Ended, type Interruption, interrupted, lost, refused } from './upgradeInterruption.ts';

jest.setTimeout(900_000);

const to = '3.6.16';
const request = { to, v2Keys: 'delete' };
const resume = { action: 'resume' };
let cluster: TestCluster;
afterEach(() => cluster?.close());

async function created(): Promise<ReadonlyMap<string, number>> {
  cluster = await createdWith('3.3.27', 3, 30);
  const [{ address } = { address: '' }] = await cluster.home.instances();
  const key = `http://${address}:2379/v2/keys/color`;
  const answer = await fetch(key, { method: 'PUT', body: new URLSearchParams({ value: 'green' }) });
  expect(answer.status).toBe(201);
  return startsOf(cluster);
}

/** Each member was started once for each hop. */
async function endsWell(end: Ended, before: ReadonlyMap<string, number>): Promise<void> {
  expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
  await expectUpgraded(cluster, to, 3);
  const { hops } = JSON.parse(end.output ?? '{}') as { hops: unknown[] };
  expect(hops.length).toBeGreaterThan(2);
  expect(await startedSince(cluster, before)).toEqual([hops.length, hops.length, hops.length]);
}

const passing: readonly Interruption[] = [
  'its Lambda dies',
  'the agents are killed',
  'Run Command says nothing for a while',
  'the agent’s answer is lost',
];

(process.env.TESTS === 'all' ? describe : describe.skip)('RollingUpgrade through minors', () => {
  test.each(passing)('goes on by itself when at each of its states %s', async (fault) => {
    const before = await created();
    await endsWell(await interrupted(cluster, request, statesWith(fault, 'minor'), fault), before);
  });

  test('that is stopped at each of its states in turn is gone on with, and starts no member twice for a hop', async () => {
    const before = await created();
    let input: unknown = request;
    for (const state of statesWith('the execution is stopped', 'minor')) {
      const end = await interrupted(cluster, input, [state], 'the execution is stopped');
      expect(end).toMatchObject({ status: 'ABORTED' });
      input = resume;
    }
    await endsWell(await upgrade(cluster, input), before);
  });

  test('that Run Command fails at each of its states in turn halts, and is gone on with', async () => {
    const before = await created();
    let input: unknown = request;
    for (const state of statesWith('Run Command fails', 'minor')) {
      await refused(cluster, input, state);
      input = resume;
    }
    await endsWell(await upgrade(cluster, input), before);
  });

  test('that loses an instance at each of its states in turn halts, and is begun anew', async () => {
    await created();
    for (const state of statesWith('an instance disappears', 'minor')) await lost(cluster, request, state);
    const end = await upgrade(cluster, request);
    expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
    await expectUpgraded(cluster, to, 3);
  });
});
