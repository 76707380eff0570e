/** AWS answers with half of the truth, late, or not at all: nothing is removed, nothing is lost, it is said, it passes. */

import { ChangeResourceRecordSetsCommand, Route53Client } from '@aws-sdk/client-route-53';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Description } from '../../agent/protocol.ts';
import { chance, type Disturbance, halved } from '../../infra/local/wire/disturbanceRules.ts';
import type { DisturbanceHandle } from '../../infra/local/wire/disturbances.ts';
import { afterScenario, dnsAgrees } from './afterScenario.ts';
import { eventually, openTestCluster, statusOf, type TestCluster } from './cluster.ts';
import { resolved } from './dns.ts';
import { type Member, settled } from './group.ts';
import { cutPower, pause } from './instanceFaults.ts';
import { type MemberWatch, watchMembers } from './memberLists.ts';
import { startRegisters } from './registers.ts';

jest.setTimeout(240_000);

const etcd = '3.5.35';
let cluster: TestCluster;
let watch: MemberWatch;

beforeAll(async () => {
  cluster = await openTestCluster({ members: 3, etcd });
  await cluster.ended(cluster.firstExecution);
  await settled(cluster, 3);
  watch = await watchMembers(cluster, etcd);
});
afterAll(() => cluster?.close());

/** What agents are answered, not the operator. */
const agents = /\/i-[0-9a-f]+$/;

type Fault = Disturbance extends infer One ? (One extends Disturbance ? Omit<One, 'caller'> : never) : never;

function disturb(...faults: readonly Fault[]): { readonly handles: readonly DisturbanceHandle[]; end(): void } {
  const { disturbances } = cluster.home.services;
  const handles = faults.map((fault) => disturbances.add({ ...fault, caller: agents } as Disturbance));
  return {
    handles,
    end() {
      for (const handle of handles) handle.remove();
    },
  };
}

/** A seed of partial pages whose half of three never holds the one at this index. */
function seedThatHides(index: number): number {
  const calls = Array.from({ length: 24 }, (_, call) => call + 1);
  const hides = (seed: number, call: number) =>
    !(halved({ Instances: [0, 1, 2] }, chance(seed, call) * 2 ** 31).Instances as number[]).includes(index);
  for (let seed = 1; ; seed++) if (calls.every((call) => hides(seed, call))) return seed;
}

async function parted(): Promise<{ readonly leader: Member; readonly others: readonly Member[] }> {
  const members = await settled(cluster, 3);
  const leader = members.find(({ status }) => status?.member?.isLeader);
  if (leader === undefined) throw new Error('nobody leads');
  return { leader, others: members.filter((member) => member !== leader) };
}

/** A round of the leader's housekeeping that began after now, and of which this is true. */
function round({ address }: Member, what: string, holds: (status: Description) => boolean): Promise<Description> {
  const from = new Date().toISOString();
  let last = '';
  const wait = eventually(what, async () => {
    const status = await statusOf(address);
    last = JSON.stringify([status?.housekeeping, status?.dns]);
    return status !== null && (status.housekeeping?.at ?? '') > from && holds(status) ? status : null;
  });
  return wait.catch((error: Error) => {
    throw new Error(`${error.message} ${from} ${last}`);
  });
}

const anyRound = () => true;
const listed = (status: Description | null) => status?.member?.members.map(({ id }) => id).sort();

test('a member that hangs while EC2 and Auto Scaling lie is kept, is not advertised, goes on under its id, and never answers with what is old', async () => {
  const { leader, others } = await parted();
  const [hung] = others as [Member];
  const ids = listed(leader.status);
  // Through all members: what waits at the one that hangs is answered when it goes on, and must not be old then.
  const registers = startRegisters({ cluster, etcd });
  const fault = await pause(cluster.home, hung.instanceId);

  // Both leave out the member that hangs, each time that the leader asks.
  const members = await cluster.members();
  const seed = seedThatHides(members.findIndex(({ instanceId }) => instanceId === hung.instanceId));
  const halves = [{ service: 'ec2' }, { service: 'autoscaling' }].map(({ service }) =>
    cluster.home.services.disturbances.add({
      service,
      kind: 'partialPage',
      seed,
      caller: new RegExp(`/${leader.instanceId}$`),
    }),
  );
  // More than what is said twice, seconds apart, needs.
  for (let rounds = 0; rounds < 3; rounds++) {
    const { housekeeping } = await round(leader, 'a round', anyRound);
    expect(housekeeping?.findings.filter(({ kind }) => kind === 'deadMember')).toEqual([]);
  }
  expect(listed(await statusOf(leader.address))).toEqual(ids);
  for (const half of halves) half.remove();
  await eventually('it is not advertised to clients', async () => {
    const { server, client, old } = await resolved(cluster);
    return server.includes(hung.instanceId) && [client, old].every((names) => !names.includes(hung.instanceId));
  });

  const errors = disturb({ service: 'ec2', kind: 'error' }, { service: 'autoscaling', kind: 'throttle' });
  await round(leader, 'housekeeping is paused', ({ housekeeping }) =>
    /^(ec2|autoscaling) /.test(housekeeping?.paused ?? ''),
  );
  expect(listed(await statusOf(leader.address))).toEqual(ids);
  errors.end();
  fault.end();
  const after = await settled(cluster, 3);
  expect((await statusOf(hung.address))?.member?.id).toBe(hung.status?.member?.id);
  const { conflicts, counts } = await registers.stop(after);
  expect(conflicts).toEqual([]);
  expect(counts.unknown).toBeGreaterThan(0);
});

test('what somebody else did to the DNS records is repaired once Route 53 takes changes again', async () => {
  const { leader, others } = await parted();
  await dnsAgrees(cluster, [leader, ...others]);
  const { endpoint, credentials, context, services } = cluster.home;
  const client = new Route53Client({ endpoint, region: context.region, credentials });
  const domain = cluster.outputs.DiscoveryDomain ?? '';
  const [zone] = services.route53.zones.all().filter(({ name }) => name === `${cluster.outputs.HostedZoneName}.`);
  const throttled = disturb({ service: 'route53', kind: 'throttle' });
  const record = (Name: string, Type: 'A' | 'SRV', ...values: readonly string[]) => ({
    Name,
    Type,
    TTL: 60,
    ResourceRecords: values.map((Value) => ({ Value })),
  });
  const before = await resolved(cluster);
  const [name = ''] = before.server;
  const own = services.route53.zones.get(zone?.id ?? '').recordSets.find((set) => set.Name === `${name}.${domain}.`);
  await client.send(
    new ChangeResourceRecordSetsCommand({
      HostedZoneId: zone?.id,
      ChangeBatch: {
        Changes: [
          {
            Action: 'UPSERT',
            ResourceRecordSet: record(`_etcd-client._tcp.${domain}`, 'SRV', `0 1 1 ${name}.${domain}`),
          },
          { Action: 'DELETE', ResourceRecordSet: own },
          { Action: 'CREATE', ResourceRecordSet: record(`operator.${domain}`, 'A', '127.0.0.9') },
        ],
      },
    }),
  );
  client.destroy();
  await round(
    leader,
    'DNS is unknown',
    ({ dns }) => dns?.verdict === 'unknown' && dns.reason.includes('fewer requests'),
  );
  throttled.end();
  await eventually(
    'the records are as they were',
    async () => {
      expect(await resolved(cluster)).toEqual(before);
      return true;
    },
    60_000,
  );
  const sets = services.route53.zones.get(zone?.id ?? '').recordSets;
  expect(sets.filter(({ Name }) => Name === `operator.${domain}.`)).toHaveLength(1);
});

test('while the cluster record is out of reach a lost instance stays a member; then it is replaced, on stale answers', async () => {
  const { leader, others } = await parted();
  const [lost] = others as [Member];
  const ids = listed(leader.status);
  const unreachable = disturb({ service: 'dynamodb', kind: 'drop' });
  await cutPower(cluster.home, lost.instanceId);
  const paused = ({ housekeeping }: Description) => housekeeping?.paused?.includes('dynamodb ') === true;
  for (let rounds = 0; rounds < 2; rounds++) await round(leader, 'housekeeping is paused', paused);
  expect(listed(await statusOf(leader.address))).toEqual(ids);

  const stale = disturb(
    { service: 'ec2', kind: 'stale', ageMs: 10_000 },
    { service: 'autoscaling', kind: 'stale', ageMs: 10_000 },
  );
  unreachable.end();
  await settled(cluster, 3);
  stale.end();
  const members = await afterScenario(cluster, watch, { size: 3 });
  expect(members.map(({ instanceId }) => instanceId)).not.toContain(lost.instanceId);
});
