/** What must hold after whatever happened to a cluster: members, group, DNS and audit trail agree. */
import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { expect } from '@jest/globals';
import type { AuditRecord } from '#etcd/record.ts';
import { type Attribute, plain } from '../../agent/machine/dynamoAttributes.ts';
import { eventually, type TestCluster } from './cluster.ts';
import { resolved } from './dns.ts';
import { type Member, settled } from './group.ts';
import type { MembershipRecord, MemberWatch } from './memberLists.ts';

export interface Expected {
  readonly size: number;
  /** Instances that came back under a new member id, as their data was lost. */
  readonly rejoined?: readonly string[];
}

/** Waits until all is at rest, ends the watch and checks it. */
export async function afterScenario(
  cluster: TestCluster,
  watch: MemberWatch,
  { size, rejoined = [] }: Expected,
): Promise<readonly Member[]> {
  const members = await settled(cluster, size);
  await dnsAgrees(cluster, members);
  await watch.stop();
  const { record } = watch;
  expect(record.crowded).toEqual([]);
  expect(record.belowQuorum).toEqual([]);
  for (const { instanceId } of members) {
    // No live member was removed: one that is still here was listed under one id.
    const ids = [...record.names].filter(([, name]) => name === instanceId).map(([id]) => id);
    const wanted = rejoined.includes(instanceId) ? 2 : 1;
    if (ids.length !== wanted) throw new Error(`${instanceId} had the ids ${ids}: ${record.history.join('\n')}`);
  }
  expect(unaudited(record, await auditTrail(cluster))).toEqual([]);
  return members;
}

/** Waits until the records say what the members say. */
export async function dnsAgrees(cluster: TestCluster, members: readonly Member[]): Promise<void> {
  const names = members.map(({ instanceId }) => instanceId).sort();
  const addresses = Object.fromEntries(members.map(({ instanceId, address }) => [instanceId, address]));
  const wanted = { server: names, client: names, old: names, addresses };
  let found: unknown = null;
  await eventually(
    'DNS agrees with the members',
    async () => {
      found = await resolved(cluster);
      expect(found).toEqual(wanted);
      return true;
    },
    45_000,
  );
}

/** All items, oldest first. */
export async function auditTrail({ home, outputs }: TestCluster): Promise<readonly AuditRecord[]> {
  const { endpoint, credentials, context } = home;
  const client = new DynamoDBClient({ endpoint, region: context.region, credentials });
  try {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: outputs.TableName,
        ConsistentRead: true,
        KeyConditionExpression: '#cluster = :cluster AND begins_with(#item, :audit)',
        ExpressionAttributeNames: { '#cluster': 'cluster', '#item': 'item' },
        ExpressionAttributeValues: { ':cluster': { S: outputs.ClusterName ?? '' }, ':audit': { S: 'audit#' } },
      }),
    );
    return Items.map((item) => plain({ M: item as Record<string, Attribute> }) as AuditRecord);
  } finally {
    client.destroy();
  }
}

/**
 * Changes of the membership that were seen and that the trail does not tell of: with before and after, or, where whoever
 * added it was ended in the middle, as a turn of unknown outcome.
 */
export function unaudited({ names, first, last }: MembershipRecord, trail: readonly AuditRecord[]): readonly string[] {
  const lists = trail
    .filter(({ before, after }) => Array.isArray(before) && Array.isArray(after))
    .map(({ before, after }) => ({ before: idsOf(before), after: idsOf(after) }));
  const unknown = trail
    .filter(({ what }) => what.startsWith('outcome unknown'))
    .map(({ before }) => (before as { holder: string }).holder);
  const neverStarted = unknown.filter((holder) => ![...names.values()].includes(holder));
  const interrupted = (name: string) => (name === '' ? neverStarted.pop() !== undefined : unknown.includes(name));
  const added = [...names.keys()].filter((id) => !first.has(id));
  const removed = [...names.keys()].filter((id) => !last.has(id));
  return [
    ...added
      .filter((id) => !lists.some(({ before, after }) => !before.has(id) && after.has(id)))
      .filter((id) => !interrupted(names.get(id) ?? ''))
      .map((id) => `the addition of ${id} ${names.get(id)}`),
    ...removed
      .filter((id) => !lists.some(({ before, after }) => before.has(id) && !after.has(id)))
      .map((id) => `the removal of ${id} ${names.get(id)}`),
  ];
}

/** Of a list `ID NAME`. */
function idsOf(list: unknown): ReadonlySet<string> {
  return new Set((list as readonly string[]).map((text) => text.split(' ')[0] ?? ''));
}
