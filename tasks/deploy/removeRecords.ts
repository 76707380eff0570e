import { removalChanges } from '#etcd/dnsChanges.ts';
import { clusterDomain } from '#etcd/dnsRecords.ts';
import { changeRecordSets, recordSetsBelow } from '../aws/recordSets.ts';
import { type CustomResourceEvent, respondWith } from './respond.ts';

/** An agent that was just ended may have changed them in between; more rounds than that ever takes. */
const mostRounds = 20;
const waitSeconds = 120;

/**
 * Custom resource: when the stack is deleted, the records that the cluster's agents made go, since a hosted zone with
 * records cannot be deleted. Only those below the cluster's own TXT marker: what anybody else put into the zone stays.
 * A cluster or zone of another name is another resource, so that an update removes the old records too.
 */
export function handler(event: CustomResourceEvent): Promise<void> {
  const { HostedZoneId = '', HostedZoneName = '', Cluster = '' } = event.ResourceProperties;
  const physicalId = `${HostedZoneId}/${Cluster}.${HostedZoneName}`;
  return respondWith(event, async () => {
    if (event.RequestType !== 'Delete') return { physicalId };
    await removeRecords(HostedZoneId, HostedZoneName, Cluster);
    return { physicalId: event.PhysicalResourceId ?? physicalId };
  });
}

async function removeRecords(zoneId: string, zoneName: string, cluster: string): Promise<void> {
  const domain = clusterDomain(cluster, zoneName);
  for (let round = 0; round < mostRounds; round++) {
    const zone = await recordSetsBelow(zoneId, domain);
    const changes = removalChanges(cluster, zoneName, zone ?? []);
    if (changes.length === 0) return;
    await changeRecordSets(zoneId, changes, waitSeconds);
  }
  throw new Error(`somebody makes records at ${domain} in the hosted zone ${zoneId} faster than they can be removed`);
}
