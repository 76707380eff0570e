/** What the proxies have to know, and what the home and their process say to each other. */
import { clientPort, peerPort } from '#etcd/addresses.ts';
import { regionOfZone } from '#etcd/regions.ts';
import { besidePort } from '#etcd/transport.ts';
import type { Link, Spot } from './rules.ts';

/** Ports that etcd listens on. */
export const proxiedPorts: readonly number[] = [clientPort, peerPort, besidePort];

export interface ProxiedInstance {
  readonly instanceId: string;
  /** Where the others dial it. */
  readonly address: string;
  readonly zone: string;
  /** Its file system: by it its processes are known. */
  readonly root: string;
}

export interface World {
  readonly regions: readonly {
    readonly region: string;
    /** First three octets of its addresses. */
    readonly network: string;
  }[];
  readonly instances: readonly ProxiedInstance[];
  readonly links: readonly Link[];
}

/** To the proxies: the world as it is now. Answered when they have taken it over. */
export interface ToProxies {
  readonly number: number;
  readonly world: World;
}

export type FromProxies =
  /** @param faults by instance id: why it has no proxy */
  | { readonly kind: 'taken'; readonly number: number; readonly faults: Readonly<Record<string, string>> }
  | { readonly kind: 'log'; readonly line: string };

/**
 * Where etcd listens in the place of its instance's address: the same one in the other half of 127.0.0.0/8, which no home
 * uses for anything else.
 */
export function hiddenAddress(address: string): string {
  const [net, half, ...rest] = address.split('.');
  return [net, Number(half) ^ 128, ...rest].join('.');
}

export function spotOfInstance({ instanceId, zone }: ProxiedInstance): Spot {
  return { region: regionOfZone(zone) ?? zone, instance: { instanceId, zone } };
}

/** Of a source address that says it by itself; null of 127.0.0.1, which any process may have. */
export function spotOfAddress({ instances, regions }: World, address: string): Spot | null {
  const instance = instances.find((one) => one.address === address);
  if (instance !== undefined) return spotOfInstance(instance);
  const region = regions.find(({ network }) => address.startsWith(`${network}.`));
  return region === undefined ? null : { region: region.region, instance: null };
}
