/** Record sets of a hosted zone. */
import {
  ChangeResourceRecordSetsCommand,
  ListResourceRecordSetsCommand,
  type ListResourceRecordSetsCommandInput,
  type ResourceRecordSet,
  Route53Client,
  waitUntilResourceRecordSetsChanged,
} from '@aws-sdk/client-route-53';
import type { RecordChange } from '#etcd/dnsBatches.ts';
import { canonicalName, isWithin } from '#etcd/dnsNames.ts';
import type { RecordSet } from '#etcd/dnsRecords.ts';
import { routingOf } from '#etcd/dnsRouting.ts';

/** Route 53 takes five requests per second for the whole account, so more attempts than usual. */
const client = new Route53Client({ maxAttempts: 8 });

/** Those at a domain and below it; null where there is no such zone. @param domain canonical */
export async function recordSetsBelow(HostedZoneId: string, domain: string): Promise<readonly RecordSet[] | null> {
  const found: RecordSet[] = [];
  let from: Partial<ListResourceRecordSetsCommandInput> = { StartRecordName: domain };
  for (;;) {
    const page = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId, ...from })).catch(unlessNoZone);
    if (page === null) return null;
    const sets = (page.ResourceRecordSets ?? []).map(fromSdk);
    found.push(...sets.filter(({ name }) => isWithin(name, domain)));
    if (page.IsTruncated !== true || sets.some(({ name }) => !isWithin(name, domain))) return found;
    from = {
      StartRecordName: page.NextRecordName,
      StartRecordType: page.NextRecordType,
      StartRecordIdentifier: page.NextRecordIdentifier,
    };
  }
}

/**
 * Makes the changes and waits until all name servers have them, though not longer than this.
 * @returns false where the zone is no longer what they were made for
 */
export async function changeRecordSets(
  HostedZoneId: string,
  changes: readonly RecordChange[],
  waitSeconds: number,
): Promise<boolean> {
  const Changes = changes.map(({ action, recordSet }) => ({ Action: action, ResourceRecordSet: toSdk(recordSet) }));
  try {
    const command = new ChangeResourceRecordSetsCommand({ HostedZoneId, ChangeBatch: { Changes } });
    const { ChangeInfo } = await client.send(command);
    const wait = { client, maxWaitTime: waitSeconds, minDelay: 1, maxDelay: 5 };
    await waitUntilResourceRecordSetsChanged(wait, { Id: ChangeInfo?.Id }).catch(unlessLate);
    return true;
  } catch (error) {
    if ((error as Error).name === 'InvalidChangeBatch') return false;
    throw error;
  }
}

function unlessNoZone(error: Error): null {
  if (error.name === 'NoSuchHostedZone') return null;
  throw error;
}

function unlessLate(error: Error): void {
  if (error.name !== 'TimeoutError') throw error;
}

function fromSdk(set: ResourceRecordSet): RecordSet {
  const given = Object.entries(set).filter(([, value]) => value !== undefined);
  return {
    name: canonicalName(set.Name ?? ''),
    type: set.Type ?? '',
    ttlSeconds: set.TTL ?? null,
    values: (set.ResourceRecords ?? []).map(({ Value }) => Value ?? ''),
    routing: routingOf(
      given.map(([field]) => field),
      { setIdentifier: set.SetIdentifier ?? '', region: set.Region ?? '' },
    ),
  };
}

function toSdk({ name, type, ttlSeconds, values, routing }: RecordSet): ResourceRecordSet {
  return {
    Name: name,
    Type: type as NonNullable<ResourceRecordSet['Type']>,
    ...(typeof routing !== 'string' && {
      SetIdentifier: routing.setIdentifier,
      Region: routing.region as NonNullable<ResourceRecordSet['Region']>,
    }),
    TTL: ttlSeconds ?? undefined,
    ResourceRecords: values.map((Value) => ({ Value })),
  };
}
