/**
 * The regions of an open home: the first one, whose part is the home's own folder, and others, each in a folder and a /24 of
 * its own. They are opened when they are asked for, and with the home from then on.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '#etcd/faults.ts';
import type { Ec2Options } from '../ec2/index.ts';
import { documents } from '../wire/documents.ts';
import type { HomeContext } from '../wire/service.ts';
import { openDatabase } from './folder.ts';
import { type Listening, startEndpoint, startRegionDns } from './listening.ts';
import { chooseNetwork, holdNetwork } from './network.ts';
import {
  closeRegional,
  openRegional,
  type Regional,
  type RegionalServices,
  startRegional,
  stopRegional,
} from './regional.ts';
import { createShared, type SharedServices } from './shared.ts';

export type Services = SharedServices & RegionalServices & Listening;

export interface HomeInstance {
  readonly instanceId: string;
  readonly address: string;
  readonly zone: string;
  readonly state: string;
}

export interface HomeRegion {
  /** `eu-west-1` */
  readonly name: string;
  readonly context: HomeContext;
  /** The region's own, and those that all regions share. */
  readonly services: Services;
  /** Those that are not terminated, oldest first. */
  instances(): Promise<readonly HomeInstance[]>;
}

export interface Regions {
  readonly first: HomeRegion;
  /** In the order in which they were first opened. */
  all(): readonly HomeRegion[];
  /** @throws Fault `InvalidInput` where that is no name of a region */
  open(name: string): Promise<HomeRegion>;
  /** Ends all processes; what they left on disk stays. */
  close(): Promise<void>;
}

export interface RegionsOptions {
  /** Whether what ran when a region was closed runs again. */
  readonly resume: boolean;
  readonly beforeBoot?: Ec2Options['beforeBoot'];
  readonly links?: boolean | undefined;
}

interface Opened extends Regional {
  readonly context: HomeContext;
  readonly dns: Listening['dns'];
  close(): Promise<void>;
}

/** @param context of the first region */
export async function openRegions(
  context: HomeContext,
  { resume, beforeBoot, links }: RegionsOptions,
): Promise<Regions> {
  const remembered = documents<{ readonly name: string }>(context.database, 'home_regions');
  const opened = new Map<string, Opened>();
  const views = new Map<string, HomeRegion>();
  const opening = new Map<string, Promise<HomeRegion>>();
  let closing = false;
  const shared: SharedServices = createShared(context, (...call) => first().onWire.authorize(...call), links);
  const first = () => opened.get(context.region) as Opened;

  async function openIn(place: Place): Promise<Opened> {
    const closings = [place.close];
    const close = async () => {
      for (const closing of closings.splice(0).reverse()) await closing();
    };
    try {
      const regional = await openRegional(place.context, shared, beforeBoot);
      closings.push(() => closeRegional(regional.services));
      const dns = await startRegionDns(place.context, shared);
      closings.push(dns.close);
      const region = { ...regional, context: place.context, dns, close };
      opened.set(place.context.region, region);
      return region;
    } catch (error) {
      await close();
      throw error;
    }
  }

  const openAnother = async (name: string) => openIn(await placeOf(name, context));
  const closeAll = () => Promise.all([...opened.values()].map((region) => region.close()));

  let wire: Listening['wire'];
  try {
    await openIn({ context, close: async () => undefined });
    for (const { name } of remembered.all()) await openAnother(name);
    wire = await startEndpoint(context, shared, opened);
  } catch (error) {
    await closeAll();
    throw error;
  }

  function view({ context, services, dns }: Opened): HomeRegion {
    const region = { ...shared, ...services, dns, wire };
    const shown: HomeRegion = {
      name: context.region,
      context,
      services: region,
      instances: async () =>
        services.ec2
          .instances()
          .filter(({ state }) => state !== 'terminated')
          .map(({ instanceId, address, zone, state }) => ({ instanceId, address, zone, state })),
    };
    views.set(shown.name, shown);
    return shown;
  }

  async function openNow(name: string): Promise<HomeRegion> {
    if (closing) throw new Error('the home is closed');
    if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(name))
      throw new Fault('InvalidInput', `'${name}' is no name of a region, such as ${context.region}`);
    const region = await openAnother(name);
    remembered.put(name, { name });
    if (resume) await startRegional(region.services);
    context.log(`${name}: opened in ${region.context.network}.0/24`);
    return view(region);
  }

  async function close(): Promise<void> {
    closing = true;
    await Promise.allSettled(opening.values());
    await Promise.all([...opened.values()].map(({ services }) => stopRegional(services)));
    await shared.links.stop();
    await wire.close();
    await closeAll();
  }

  for (const region of opened.values()) view(region);
  try {
    if (resume) await Promise.all([...opened.values()].map(({ services }) => startRegional(services)));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    first: views.get(context.region) as HomeRegion,
    all: () => [...views.values()],
    open(name) {
      const known = views.get(name);
      if (known !== undefined) return Promise.resolve(known);
      const begun = opening.get(name) ?? openNow(name).finally(() => opening.delete(name));
      opening.set(name, begun);
      return begun;
    },
    close,
  };
}

interface Place {
  readonly context: HomeContext;
  close(): Promise<void>;
}

/** Folder, database and network of another region than the first. */
async function placeOf(region: string, home: HomeContext): Promise<Place> {
  const folder = join(home.folder, 'regions', region);
  mkdirSync(folder, { recursive: true });
  const database = openDatabase(join(folder, 'region.sqlite'));
  try {
    const network = await chooseNetwork(database, folder);
    const letGo = await holdNetwork(network);
    const log = (line: string) => home.log(`${region}: ${line}`);
    return {
      context: { ...home, folder, database, region, network, log },
      async close() {
        await letGo();
        database.close();
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}
