/**
 * The links between the regions of a home: how long bytes take from one to the other, and what is cut off from what. They
 * are real for everything that goes over the ports of etcd, from whatever process of an instance. What they do not do:
 * calls of AWS's API (where a region cannot reach them, or is not reached: rules of the kind `drop` for the region that
 * calls are signed for, or for the ARNs of those who call, wire/disturbances.ts), instance metadata, the agents' status, DNS.
 * Instances of a home with one region are reached without a proxy, unless `always` says so: there is nothing between them.
 */
import { Fault } from '#etcd/faults.ts';
import { documents } from '../wire/documents.ts';
import type { HomeContext } from '../wire/service.ts';
import { type Proxies, startProxies } from './proxyProcess.ts';
import { changed, isIdle, type Link, type LinkChange, linksOf, type Refusal, refusalOf } from './rules.ts';
import { hiddenAddress, type ProxiedInstance } from './world.ts';

export interface Links {
  /** In the order in which they were opened. */
  regions(): readonly string[];
  /** Both directions between every two regions, then the cuts of zones and instances. */
  all(): readonly Link[];
  /** Why a change cannot be made; null where it can. */
  refusal(change: LinkChange): Refusal | null;
  /** In effect when it resolves, for live connections, too. @throws Fault `InvalidInput`, naming the field */
  set(change: LinkChange): Promise<void>;
  /** No delays, no cuts. */
  reset(): Promise<void>;
}

/** As the machines of instances see them. */
export interface InstanceLinks {
  /** Where the etcd of the instance at this address has to listen; null: at its own address, nothing stands before it. */
  listenAddress(address: string): string | null;
  /** Resolves when it can be reached. @throws Error where this machine has not the address */
  open(instance: ProxiedInstance): Promise<void>;
  close(instanceId: string): void;
  /** The instance will not come back: cuts of it end. */
  forget(instanceId: string): void;
}

export interface HomeLinks extends Links, InstanceLinks {
  /** Of the proxies; undefined while there are none. */
  readonly pid: number | undefined;
  /** @param network first three octets of its addresses */
  addRegion(region: string, network: string): void;
  /** Ends the proxies. */
  stop(): Promise<void>;
}

/**
 * @param always also instances of a home with one region are behind proxies, so that they can be those of the first of two
 * later
 */
export function createLinks(
  { database, events, log }: Pick<HomeContext, 'database' | 'events' | 'log'>,
  always = false,
): HomeLinks {
  const regions: { readonly region: string; readonly network: string }[] = [];
  const table = documents<Link>(database, 'links_set');
  const instances = new Map<string, ProxiedInstance>();
  let proxies: Proxies | null = null;
  let stopped = false;

  const names = () => regions.map(({ region }) => region);
  const refusal = (change: LinkChange) => refusalOf(change, { regions: names(), instanceIds: [...instances.keys()] });
  const all = () => linksOf(names(), table.all());

  async function tell(): Promise<Readonly<Record<string, string>>> {
    if (stopped || (proxies === null && instances.size === 0)) return {};
    proxies ??= startProxies(log);
    return proxies.tell({ regions, instances: [...instances.values()], links: all() });
  }

  async function tellChange(): Promise<void> {
    events.emit('change', { topic: 'links', id: '' });
    await tell();
  }

  return {
    regions: names,
    all,
    refusal,
    async set(change) {
      const refused = refusal(change);
      if (refused !== null) throw new Fault('InvalidInput', `${refused.field} ${refused.message}`);
      const link = changed(table.all(), change);
      const id = `${link.from} ${link.to}`;
      if (isIdle(link)) table.delete(id);
      else table.put(id, link);
      await tellChange();
    },
    async reset() {
      for (const { from, to } of table.all()) table.delete(`${from} ${to}`);
      await tellChange();
    },
    listenAddress: (address) => (always || regions.length > 1 ? hiddenAddress(address) : null),
    async open(instance) {
      instances.set(instance.instanceId, instance);
      const fault = (await tell())[instance.instanceId];
      if (fault !== undefined) throw new Error(`no proxy for ${instance.address}: ${fault}`);
    },
    close(instanceId) {
      if (instances.delete(instanceId)) void tell();
    },
    forget(instanceId) {
      const gone = table.all().filter(({ from, to }) => from === instanceId || to === instanceId);
      for (const { from, to } of gone) table.delete(`${from} ${to}`);
      if (gone.length > 0) void tellChange();
    },
    addRegion(region, network) {
      regions.push({ region, network });
      void tellChange();
    },
    get pid() {
      return proxies?.pid;
    },
    async stop() {
      stopped = true;
      await proxies?.close();
    },
  };
}
