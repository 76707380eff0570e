/** The regions of the cluster, and one SDK client for each: calls about instances and groups are made where those are. */
import { environment } from './environment.ts';

/** Home first. @throws Error as `environment` */
export function regions(): readonly string[] {
  return environment('REGIONS').split(',');
}

/** Of the cluster record. @throws Error as `environment` */
export function homeRegion(): string {
  return regions()[0] ?? '';
}

/** Makes a client for a region once. */
export function perRegion<Client>(make: (region: string) => Client): (region: string) => Client {
  const clients = new Map<string, Client>();
  return (region) => {
    const known = clients.get(region) ?? make(region);
    clients.set(region, known);
    return known;
  };
}
