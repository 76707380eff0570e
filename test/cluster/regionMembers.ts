/** Clusters in two regions: how their members are moved, and where they are then. */
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import { regionOfZone } from '#etcd/regions.ts';
import type { Description } from '../../agent/protocol.ts';
import { eventually, type TestCluster, testRegions } from './cluster.ts';

type Ended = Awaited<ReturnType<TestCluster['ended']>>;

export async function startRegionChange({ states, outputs }: TestCluster, input: unknown): Promise<string> {
  const stateMachineArn = outputs.MultiregionMigrationArn ?? '';
  const { executionArn } = await states.send(
    new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
  );
  return executionArn ?? '';
}

/** Starts one and waits for its end. */
export async function changeRegions(cluster: TestCluster, input: unknown): Promise<Ended> {
  return cluster.ended(await startRegionChange(cluster, input));
}

/** To the second region, with so many members in each. */
export const spread = (homeMembers: number, remoteMembers: number) => ({
  addRegion: testRegions[1],
  homeMembers,
  remoteMembers,
});

export const gatheredAtHome = (homeMembers: number) => ({ leaveRegion: testRegions[1], homeMembers });

/** Those that are healthy members, by region, home first; what leaves or has left is none. */
export async function membersByRegion(cluster: TestCluster): Promise<readonly (readonly Description[])[]> {
  const statuses = (await cluster.members()).flatMap(({ status }) => (status === null ? [] : [status]));
  const members = statuses.filter(({ phase, health }) => phase === 'running' && health.verdict === 'healthy');
  return testRegions.map((region) => members.filter(({ zone }) => regionOfZone(zone) === region));
}

/** The region of the leader that all members follow; null while there is none, or more than one. */
export async function leadingRegion(cluster: TestCluster): Promise<string | null> {
  const leaders = (await membersByRegion(cluster)).flat().filter(({ member }) => member?.isLeader);
  return leaders.length === 1 ? regionOfZone(leaders[0]?.zone ?? '') : null;
}

/** Both directions between the regions. */
export async function cutLink({ home }: TestCluster, cut: boolean): Promise<void> {
  const [first, other] = testRegions;
  await home.links.set({ from: first, to: other, cut });
  await home.links.set({ from: other, to: first, cut });
}

/** Moved there by its agent, where an election put it elsewhere. */
export async function eventuallyLedFromHome(cluster: TestCluster): Promise<void> {
  await eventually('a leader at home', async () => (await leadingRegion(cluster)) === testRegions[0], 180_000);
}
