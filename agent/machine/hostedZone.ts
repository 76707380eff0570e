/** A hosted zone of Route 53: a listing is whole, or it is an error; a change is made whole, or not at all. */
import type { RecordChange } from '#etcd/dnsBatches.ts';
import { canonicalName, isWithin } from '#etcd/dnsNames.ts';
import type { RecordSet } from '#etcd/dnsRecords.ts';
import { routingOf } from '#etcd/dnsRouting.ts';
import type { Aws } from './aws.ts';
import { all, escapeXml, textAt, type XmlElement, type XmlValue } from './xml.ts';

export interface HostedZone {
  /**
   * The record sets at a domain and below it, which follow each other in the zone's order.
   * @param domain canonical
   * @throws Error where a page is missing or says less than it should
   */
  recordSets(zoneId: string, domain: string): Promise<readonly RecordSet[]>;
  /** One batch. @throws AwsCallError, `InvalidChangeBatch` where the zone is no longer what the changes were made for */
  change(zoneId: string, changes: readonly RecordChange[], comment: string): Promise<void>;
}

/** Route 53's own most. */
const pageSize = 300;
/** More than a cluster's domain ever has. */
const mostPages = 40;
const namespace = 'https://route53.amazonaws.com/doc/2013-04-01/';

export function createHostedZone(aws: Aws): HostedZone {
  return {
    async recordSets(zoneId, domain) {
      const found: RecordSet[] = [];
      let from: Readonly<Record<string, string>> = { name: domain };
      for (let page = 0; page < mostPages; page++) {
        const query = new URLSearchParams({ maxitems: String(pageSize), ...from });
        const answer = await aws.route53('GET', `hostedzone/${zoneId}/rrset?${query}`);
        const sets = all(answer, 'ResourceRecordSets', 'ResourceRecordSet').map(recordSetIn);
        found.push(...sets.filter(({ name }) => isWithin(name, domain)));
        const next = nextPage(answer, zoneId);
        if (next === null || sets.some(({ name }) => !isWithin(name, domain))) return found;
        from = next;
      }
      throw new Error(`ListResourceRecordSets of ${zoneId} has not ended after ${mostPages} pages`);
    },
    async change(zoneId, changes, comment) {
      const batch = changes.map(
        ({ action, recordSet }) => `<Change><Action>${action}</Action>${xmlOf(recordSet)}</Change>`,
      );
      const inside = `<Comment>${escapeXml(comment.slice(0, 256))}</Comment><Changes>${batch.join('')}</Changes>`;
      await aws.route53(
        'POST',
        `hostedzone/${zoneId}/rrset`,
        `<?xml version="1.0" encoding="UTF-8"?><ChangeResourceRecordSetsRequest xmlns="${namespace}"><ChangeBatch>${inside}</ChangeBatch></ChangeResourceRecordSetsRequest>`,
      );
    },
  };
}

/** Where the next page begins; null after the last one. */
function nextPage(answer: XmlValue, zoneId: string): Readonly<Record<string, string>> | null {
  const truncated = textAt(answer, 'IsTruncated');
  if (truncated === 'false') return null;
  const name = textAt(answer, 'NextRecordName');
  const type = textAt(answer, 'NextRecordType');
  if (truncated !== 'true' || name === '' || type === '')
    throw new Error(`an answer about the record sets of ${zoneId} does not say whether there are more`);
  const identifier = textAt(answer, 'NextRecordIdentifier');
  return { name, type, ...(identifier !== '' && { identifier }) };
}

function recordSetIn(value: XmlValue): RecordSet {
  const name = textAt(value, 'Name');
  const type = textAt(value, 'Type');
  if (name === '' || type === '') throw new Error('an answer of Route 53 has a record set without name or type');
  const ttl = textAt(value, 'TTL');
  return {
    name: canonicalName(name),
    type,
    ttlSeconds: /^\d+$/.test(ttl) ? Number(ttl) : null,
    values: all(value, 'ResourceRecords', 'ResourceRecord').map((record) => textAt(record, 'Value')),
    routing: routingOf(Object.keys(value as XmlElement), {
      setIdentifier: textAt(value, 'SetIdentifier'),
      region: textAt(value, 'Region'),
    }),
  };
}

/** The elements in the order of Route 53's schema. */
function xmlOf({ name, type, ttlSeconds, values, routing }: RecordSet): string {
  const element = (of: string, text: string) => `<${of}>${escapeXml(text)}</${of}>`;
  const latency =
    typeof routing === 'string'
      ? ''
      : element('SetIdentifier', routing.setIdentifier) + element('Region', routing.region);
  const records = values.map((value) => `<ResourceRecord>${element('Value', value)}</ResourceRecord>`);
  return `<ResourceRecordSet>${element('Name', name)}<Type>${type}</Type>${latency}<TTL>${ttlSeconds}</TTL><ResourceRecords>${records.join('')}</ResourceRecords></ResourceRecordSet>`;
}
