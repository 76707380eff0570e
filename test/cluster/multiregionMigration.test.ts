/** MultiregionMigration as synthesized, with real etcd and a round trip between the regions. More of it is `TESTS=all`. */
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { setRoundTrip } from '../../infra/local/start/deploy.ts';
import { eventually, type TestCluster } from './cluster.ts';
import { createdCluster } from './created.ts';
import { followDns } from './dns.ts';
import { expectPlaced } from './multiregion.ts';
import { changeRegions, gatheredAtHome, spread, startRegionChange } from './regionMembers.ts';
import {
  blackholes,
  closedGroups,
  type Disturbance,
  noConnection,
  noRoutes,
  overlappingBlocks,
  unseenZone,
} from './regionNetworks.ts';
import { startRegisters } from './registers.ts';
import { lockOf, missingForTiming, sampleVoters } from './rotation.ts';
import { statesEntered } from './upgrade.ts';

jest.setTimeout(600_000);

const all = process.env.TESTS === 'all';
const settings = { memberHealthyTimeoutSeconds: 60 };

const created = (members: readonly [number, number], etcd: string, roundTripMs: number) =>
  createdCluster({ members, etcd, roundTripMs, settings });

/** Under 100 operations a second of clients that know the SRV name, and with a look at the voters every 200 ms. */
async function underLoad(cluster: TestCluster, etcd: string, input: unknown) {
  const { addresses, stop } = await followDns(cluster);
  const registers = startRegisters({ cluster, etcd, addresses });
  const sampling = sampleVoters(cluster);
  const end = await changeRegions(cluster, input);
  const { fewest, samples } = await sampling.stop();
  stop();
  const { conflicts, counts } = await registers.stop(await cluster.members());
  expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
  expect(conflicts).toEqual([]);
  expect(samples).toBeGreaterThan(10);
  expect(JSON.parse(end.output ?? '{}')).toMatchObject({
    done: expect.arrayContaining([expect.stringMatching('A member joins in')]),
  });
  return { counts, fewest };
}

describe('into a second region and back, under load', () => {
  test.each<[string, number, number]>([
    ['3.5.35', 3, 25],
    ...(all
      ? ([
          ['3.5.35', 5, 80],
          ['2.3.8', 5, 25],
        ] as [string, number, number][])
      : []),
  ])(
    'etcd %s, %i members, %i ms: nothing is lost, and a member is missing only where it restarts for its timing',
    async (etcd, members, ms) => {
      const cluster = await created([members, 0], etcd, ms);
      try {
        const there = await underLoad(cluster, etcd, spread(members - 1, 1));
        const missing = await missingForTiming(cluster);
        expect(there.fewest).toBeGreaterThanOrEqual(members - missing);
        await expectPlaced(cluster, [members - 1, 1]);
        const back = await underLoad(cluster, etcd, gatheredAtHome(members));
        expect(back.fewest).toBeGreaterThanOrEqual(members - missing);
        await expectPlaced(cluster, [members, 0]);
        // A member that restarts refuses those that are with it.
        const mostLost = etcd.startsWith('2.') || missing > 0 ? 0.1 : 0.02;
        for (const { counts } of [there, back])
          expect((counts.unknown + counts.failed) / counts.ok).toBeLessThan(mostLost);
      } finally {
        await cluster.close();
      }
    },
  );
});

describe('of three members', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await created([3, 0], '3.5.35', 25);
  });
  afterAll(() => cluster?.close());

  async function stoppedAt(input: unknown, state: string): Promise<void> {
    const execution = await startRegionChange(cluster, input);
    await eventually(
      `${state} is entered`,
      async () => (await statesEntered(cluster, execution)).includes(state),
      120_000,
    );
    await cluster.states.send(new StopExecutionCommand({ executionArn: execution }));
    // After its last state nothing is left to stop, and whoever is quick is done with that.
    const possible = state === 'Release the lock' ? ['ABORTED', 'SUCCEEDED'] : ['ABORTED'];
    expect(possible).toContain((await cluster.ended(execution)).status);
  }

  test('refuses on a dry run and in earnest what it must not do, and changes nothing', async () => {
    const dry = await changeRegions(cluster, { ...spread(2, 1), dryRun: true });
    expect(JSON.parse(dry.output ?? '{}')).toMatchObject({ from: { home: 3, remote: 0 }, to: { home: 2, remote: 1 } });
    for (const [input, error, cause] of [
      [spread(3, 3), 'InvalidInput', 'would take the quorum from home'],
      [spread(2, 3), 'InvalidInput', 'would take the quorum from home'],
      [{ ...spread(2, 1), addRegion: 'us-east-1' }, 'PreflightFailed', 'set etcd-appliance.regions'],
      [{ action: 'resume' }, 'PreflightFailed', 'nothing to resume'],
    ] as const) {
      const refused = await changeRegions(cluster, input);
      expect(refused).toMatchObject({ status: 'FAILED', error });
      expect(refused.cause).toContain(cause);
    }
    await expectPlaced(cluster, [3, 0]);
  });

  const disturbances: readonly [string, Disturbance, RegExp][] = [
    ['there is no peering connection', noConnection, /there is no peering connection between vpc-\w+ in eu-west-1 and/],
    [
      'the security group of the second region, which has no instance, is shut',
      closedGroups(1),
      /sg-\w+ in eu-central-1 does not admit members in eu-west-1 \(tcp 2379 and 2380/,
    ],
    ['the VPCs have addresses in common', overlappingBlocks, /vpc-\w+ in eu-central-1 overlaps .* in eu-west-1/],
    ['home has no routes', noRoutes(0), /rtb-\w+ in eu-west-1 has no route to 10\.43\.3\.0\/24/],
    [
      'routes of the second region lead nowhere',
      blackholes(1),
      /rtb-\w+ in eu-central-1 has a route that leads nowhere \(blackhole\) to 10\.42\.3\.0\/24/,
    ],
    [
      'the security group at home is shut',
      closedGroups(0),
      /sg-\w+ in eu-west-1 does not admit members in eu-central-1 \(tcp 2379 and 2380/,
    ],
    [
      'the second region does not see the names',
      unseenZone,
      /the hosted zone \w+ is not seen from vpc-\w+ in eu-central-1/,
    ],
  ];
  test.each(all ? disturbances : disturbances.slice(0, 2))(
    'refuses where %s, takes no lock for it, and does not when it is mended',
    async (_, disturb, cause) => {
      const lock = await lockOf(cluster);
      const mend = await disturb(cluster);
      const refused = await changeRegions(cluster, spread(2, 1));
      const alike = await changeRegions(cluster, { ...spread(2, 1), dryRun: true });
      await mend();
      for (const one of [refused, alike]) {
        expect(one).toMatchObject({ status: 'FAILED', error: 'PreflightFailed' });
        expect(one.cause).toMatch(cause);
      }
      expect(await lockOf(cluster)).toEqual(lock);
      await expectPlaced(cluster, [3, 0]);
      const dry = await changeRegions(cluster, { ...spread(2, 1), dryRun: true });
      expect([dry.status, dry.cause]).toEqual(['SUCCEEDED', undefined]);
    },
  );

  test('takes the instance back and frees the lock where the regions are too far from each other', async () => {
    await setRoundTrip(cluster.home, 120);
    const refused = await changeRegions(cluster, { ...spread(2, 1), maxRoundTripMs: 60 });
    expect(refused).toMatchObject({ status: 'FAILED', error: 'RegionsTooFar' });
    expect(refused.cause).toContain('more than maxRoundTripMs, 60');
    await eventually('nobody is there', async () => (await cluster.members()).length === 3, 60_000);
    await expectPlaced(cluster, [3, 0]);
    await setRoundTrip(cluster.home, 25);
  });

  test('stopped in the middle is rolled back', async () => {
    await stoppedAt(spread(2, 1), 'Take an instance out');
    const back = await changeRegions(cluster, { action: 'rollBack' });
    expect([back.status, back.cause]).toEqual(['SUCCEEDED', undefined]);
    await expectPlaced(cluster, [3, 0]);
  });

  (all ? test : test.skip)('stopped in the middle is resumed', async () => {
    await stoppedAt(spread(2, 1), 'Wait until the new member has joined');
    expect((await lockOf(cluster))?.holder).toBeDefined();
    const end = await changeRegions(cluster, { action: 'resume' });
    expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
    await expectPlaced(cluster, [2, 1]);
  });

  const states = [
    'Plan the change of regions',
    'Take the operation lock',
    'Begin the change of regions',
    'Enable the second region',
    'Find who measures',
    'Measure from one side',
    'Set the timing of the members',
    'Wait for the member to beat so',
    'Let members join',
    'Choose the next move',
    'Add an instance',
    'Wait until the new member has joined',
    'Wait until the new member is healthy',
    'Take an instance out',
    'Wait until the member has left',
    'End the change of regions',
    'Release the lock',
  ];
  (all ? test : test.skip).each(states)('stopped at "%s" is started again and ends where it was to', async (state) => {
    const placed = (await cluster.members()).filter(({ status }) => status?.zone.startsWith('eu-central-1')).length;
    const back = placed === 0 ? null : await changeRegions(cluster, gatheredAtHome(3));
    expect(back?.status ?? 'SUCCEEDED').toBe('SUCCEEDED');
    await stoppedAt(spread(2, 1), state);
    const end = await changeRegions(cluster, spread(2, 1));
    expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
    await expectPlaced(cluster, [2, 1]);
  });
});
