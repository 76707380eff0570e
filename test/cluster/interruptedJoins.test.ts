/** Newcomers that are interrupted on their way into a cluster: they end joined, or cleanly absent. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { createEtcdClient } from '../../agent/machine/etcdClient.ts';
import { readJson } from '../../agent/machine/files.ts';
import { layoutBelow } from '../../agent/machine/layout.ts';
import { turnMs } from '../../agent/machine/membershipTurns.ts';
import type { Machine } from '../../infra/local/ec2/machine.ts';
import type { DisturbanceHandle } from '../../infra/local/wire/disturbances.ts';
import { afterScenario } from './afterScenario.ts';
import { eventually, openTestCluster, type TestCluster } from './cluster.ts';
import { settled, updateGroup } from './group.ts';
import { cutPower } from './instanceFaults.ts';
import { type MemberWatch, watchMembers } from './memberLists.ts';

jest.setTimeout(240_000);

const etcd = '3.5.35';
/** Each write of a newcomer to the record takes so long: the moments between them can be met. */
const slowWritesMs = 1_500;
let cluster: TestCluster;
let watch: MemberWatch;

beforeAll(async () => {
  cluster = await openTestCluster({ members: 3, etcd });
  await cluster.ended(cluster.firstExecution);
  watch = await watchMembers(cluster, etcd);
});
afterAll(() => cluster?.close());

interface Newcomer {
  readonly instanceId: string;
  readonly machine: Machine;
}

function slowWrites(): DisturbanceHandle {
  const known = cluster.home.services.ec2.instances().map(({ instanceId }) => instanceId);
  const caller = new RegExp(`/(?!${known.join('|')})i-[0-9a-f]+$`);
  const rule = { service: 'dynamodb', operation: 'PutItem', caller, delayMs: slowWritesMs } as const;
  return cluster.home.services.disturbances.add({ kind: 'delay', ...rule });
}

/** The instance that is none of these, once its disk says that it has come this far. */
function newcomerThat(known: ReadonlySet<string>, moment: 'is registered' | 'is started'): Promise<Newcomer> {
  return eventually(
    `a newcomer that ${moment}`,
    async () => {
      const found = (await cluster.home.instances()).find(({ instanceId }) => !known.has(instanceId));
      const machine = cluster.home.services.ec2.machine(found?.instanceId ?? '');
      if (found === undefined || machine === null) return null;
      const { registration } = layoutBelow(machine.root);
      const note = readJson<{ started: boolean; voter?: boolean }>(registration);
      if (note === null || note.voter) return null;
      const arrived = moment === 'is registered' ? !note.started : (await listsNewcomer()) === 'learner';
      return arrived ? { instanceId: found.instanceId, machine } : null;
    },
    // Whoever is lost while it has the turn to change the membership keeps the others waiting until that has run out.
    turnMs + 60_000,
  );
}

const everyInstance = () => new Set(cluster.home.services.ec2.instances().map(({ instanceId }) => instanceId));

/** Whether the members list one that has not started, or a learner. Asks etcd: what an agent says is seconds old. */
async function listsNewcomer(): Promise<'not started' | 'learner' | 'none'> {
  const [first] = await cluster.home.instances();
  const client = createEtcdClient({ address: first?.address ?? '', version: etcd, timeoutMs: 5_000 });
  const listed = (await client.members()).members;
  if (listed.some(({ name }) => name === '')) return 'not started';
  return listed.some(({ isLearner }) => isLearner) ? 'learner' : 'none';
}

test('its agent is killed once it is registered, and again before it is promoted: it joins', async () => {
  const before = everyInstance();
  const slow = slowWrites();
  await updateGroup(cluster, { MaxSize: 5, DesiredCapacity: 4 });
  const { machine } = await newcomerThat(before, 'is registered');
  process.kill(machine.agentPid() ?? 0, 'SIGKILL');
  expect(await listsNewcomer()).toBe('not started');
  await newcomerThat(before, 'is started');
  process.kill(machine.agentPid() ?? 0, 'SIGKILL');
  slow.remove();
  const members = await settled(cluster, 4);
  expect(members.at(-1)?.status?.etcd).toMatchObject({ starts: 1, crashes: 0 });
});

test('it loses its power once it is registered, its successor before it is promoted: a third one joins', async () => {
  const before = everyInstance();
  const slow = slowWrites();
  await updateGroup(cluster, { DesiredCapacity: 5 });
  const first = await newcomerThat(before, 'is registered');
  await cutPower(cluster.home, first.instanceId);
  expect(await listsNewcomer()).toBe('not started');
  const second = await newcomerThat(new Set([...before, first.instanceId]), 'is started');
  await cutPower(cluster.home, second.instanceId);
  expect(await listsNewcomer()).toBe('learner');
  slow.remove();
  const members = await afterScenario(cluster, watch, { size: 5 });
  expect([...watch.record.last].sort()).toEqual(members.map(({ status }) => status?.member?.id).sort());
});
