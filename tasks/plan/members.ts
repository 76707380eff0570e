/** Which instances become the members of a new cluster. Pure. */
import { clientUrl, peerUrl } from '#etcd/addresses.ts';
import type { BootstrapMember } from '#etcd/record.ts';

export interface GroupInstance {
  readonly instanceId: string;
  readonly zone: string;
  /** As Auto Scaling says: only `InService` and `Healthy` ones can be members. */
  readonly lifecycleState: string;
  readonly health: string;
}

export interface Search {
  readonly verdict: 'ready' | 'waiting';
  /** As many as asked for, spread over the zones; empty while waiting. */
  readonly chosen: readonly GroupInstance[];
  /** One sentence. */
  readonly reason: string;
}

/** Whether the group has enough instances in service, and which of them to take. */
export function searchInstances(instances: readonly GroupInstance[], wanted: number): Search {
  const usable = instances.filter(
    ({ lifecycleState, health }) => lifecycleState === 'InService' && health.toLowerCase() === 'healthy',
  );
  if (usable.length >= wanted) {
    return { verdict: 'ready', chosen: spread(usable).slice(0, wanted), reason: `${wanted} instances are in service` };
  }
  const others = instances
    .filter((instance) => !usable.includes(instance))
    .map(({ instanceId, lifecycleState, health }) => `${instanceId} is ${lifecycleState}, ${health}`);
  const rest = others.length === 0 ? '' : ` (${others.join('; ')})`;
  return { verdict: 'waiting', chosen: [], reason: `${usable.length} of ${wanted} instances are in service${rest}` };
}

/** What is found in each region, and whether it is enough in all of them. */
export interface RegionSearch {
  readonly verdict: Search['verdict'];
  readonly chosen: readonly { readonly region: string; readonly instances: readonly GroupInstance[] }[];
  /** One sentence for each region. */
  readonly reason: string;
}

export function searchRegions(
  regions: readonly {
    readonly region: string;
    readonly instances: readonly GroupInstance[];
    readonly wanted: number;
  }[],
): RegionSearch {
  const searches = regions.map(({ region, instances, wanted }) => ({ region, ...searchInstances(instances, wanted) }));
  const said = searches.map(({ region, reason }) => (regions.length === 1 ? reason : `${region}: ${reason}`));
  return {
    verdict: searches.every(({ verdict }) => verdict === 'ready') ? 'ready' : 'waiting',
    chosen: searches.map(({ region, chosen }) => ({ region, instances: chosen })),
    reason: said.join('; '),
  };
}

/** One of each zone in turn, by instance id: the same choice whatever order they come in. */
function spread(instances: readonly GroupInstance[]): GroupInstance[] {
  const zones = new Map<string, GroupInstance[]>();
  for (const instance of [...instances].sort((a, b) => (a.instanceId < b.instanceId ? -1 : 1))) {
    zones.set(instance.zone, [...(zones.get(instance.zone) ?? []), instance]);
  }
  const queues = [...zones.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, queue]) => queue);
  const longest = Math.max(0, ...queues.map(({ length }) => length));
  return Array.from({ length: longest }, (_, row) => queues.flatMap((queue) => queue[row] ?? [])).flat();
}

/**
 * The member that an instance becomes; its name is the instance id, which is never used twice.
 * @param tls whether the members speak TLS: the URLs say so to everybody who reads the record
 */
export function memberOf(
  instance: {
    readonly instanceId: string;
    readonly zone: string;
    readonly address: string;
  },
  tls = false,
): BootstrapMember {
  const { instanceId, zone, address } = instance;
  const [own, clients] = [peerUrl(address, tls), clientUrl(address, tls)];
  return { name: instanceId, instanceId, zone, address, peerUrl: own, clientUrl: clients };
}
