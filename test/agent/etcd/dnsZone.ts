/** Record sets as Route 53's SDK has them and back: for zones that change by the local Route 53's rules. */
import type { Change, ResourceRecordSet, ResourceRecordSetRegion, RRType } from '@aws-sdk/client-route-53';
import type { RecordChange } from '#etcd/dnsBatches.ts';
import type { RecordSet } from '#etcd/dnsRecords.ts';
import type { Zone } from '../../../infra/local/route53/zones.ts';

const toSdk = ({ name, type, ttlSeconds, values, routing }: RecordSet): ResourceRecordSet => ({
  Name: name,
  Type: type as RRType,
  ...(typeof routing !== 'string' && {
    SetIdentifier: routing.setIdentifier,
    Region: routing.region as ResourceRecordSetRegion,
  }),
  TTL: ttlSeconds ?? 0,
  ResourceRecords: values.map((Value) => ({ Value })),
});

export function changesOf(changes: readonly RecordChange[]): Change[] {
  return changes.map(({ action, recordSet }) => ({ Action: action, ResourceRecordSet: toSdk(recordSet) }));
}

const apex = (type: string): RecordSet => ({
  name: 'etcd.internal.',
  type,
  ttlSeconds: 1,
  values: [type],
  routing: 'simple',
});

/** A zone `etcd.internal` with these record sets. */
export function zoneOf(records: readonly RecordSet[]): Zone {
  const recordSets = [apex('NS'), apex('SOA'), ...records].map(toSdk);
  return { id: 'Z', name: 'etcd.internal.', callerReference: '', vpcs: [], recordSets };
}

/** Without the zone's own NS and SOA. */
export function fromSdk(sets: readonly ResourceRecordSet[]): RecordSet[] {
  return sets
    .filter(({ Type }) => Type !== 'NS' && Type !== 'SOA')
    .map(({ Name = '', Type = '', TTL = 0, ResourceRecords = [], SetIdentifier, Region }) => ({
      name: Name,
      type: Type,
      ttlSeconds: TTL,
      values: ResourceRecords.map(({ Value }) => Value ?? ''),
      routing:
        SetIdentifier === undefined || Region === undefined
          ? 'simple'
          : { setIdentifier: SetIdentifier, region: Region },
    }));
}
