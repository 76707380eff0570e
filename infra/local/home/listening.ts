/** What a home listens with: one AWS endpoint for all its regions, and a DNS server in each for the zones that they share. */
import { type DnsServer, startDns } from '../dns/index.ts';
import { createSts } from '../sts/index.ts';
import { startWire, type Wire } from '../wire/server.ts';
import type { HomeContext } from '../wire/service.ts';
import { endpointPort } from './network.ts';
import type { Regional } from './regional.ts';
import type { SharedServices } from './shared.ts';

export interface Listening {
  /** Of the region: answers for the zones of route53. */
  readonly dns: DnsServer;
  /** Of all regions. */
  readonly wire: Wire;
}

/** A region's DNS server has an address of its own, for port 53; macOS has only those that were added. */
export function startRegionDns({ network, region, log }: HomeContext, { route53 }: SharedServices): Promise<DnsServer> {
  return startDns({ addresses: [`${network}.2`, `${network}.1`], zones: route53.zones.all, region, log });
}

/**
 * @param context of the first region
 * @param regions those that are open, by name, asked anew for each request; the first one first
 */
export function startEndpoint(
  context: HomeContext,
  { callers, disturbances, route53 }: SharedServices,
  regions: ReadonlyMap<string, Regional>,
): Promise<Wire> {
  const open = () => [...regions.values()];
  const first = open()[0] as Regional;
  const whose = (owns: (region: Regional) => boolean) => (open().find(owns) ?? first).services;
  return startWire({
    host: `${context.network}.1`,
    port: endpointPort,
    regions: {
      global: {
        services: [createSts(context)],
        rawServices: [route53],
        authorize: first.onWire.authorize,
      },
      of: (region) => regions.get(region)?.onWire ?? null,
      names: () => [...regions.keys()],
    },
    disturbances,
    callerOf: callers.callerOf,
    apart(request, response) {
      const { url = '' } = request;
      const { customResources } = whose(({ services }) => services.customResources.awaits(url));
      const { functionUrls } = whose(({ services }) => services.functionUrls.has(url));
      return customResources.handle(request, response) || functionUrls.handle(request, response);
    },
    log: context.log,
  });
}
