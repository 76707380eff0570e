/**
 * How Route 53 chooses among the record sets of one name and type. With latency routing, a resolver in a VPC gets the set
 * of the VPC's own region, or of the region nearest to it (AWS: Latency-based routing in private hosted zones). Pure.
 */

export type Routing =
  /** The only set of its name and type. */
  | 'simple'
  | LatencyRouting
  /** An alias, another policy, or one with a health check: none that a cluster makes. */
  | 'other';

/** A name and type has one such set for a region, and no simple one beside them (AWS: ResourceRecordSet). */
export interface LatencyRouting {
  /** Tells it from the other sets of its name and type. */
  readonly setIdentifier: string;
  readonly region: string;
}

const plain: readonly string[] = ['Name', 'Type', 'TTL', 'ResourceRecords'];

/**
 * What a listing says of a record set.
 * @param fields those that the set has, as Route 53 calls them
 */
export function routingOf(fields: readonly string[], latency: LatencyRouting): Routing {
  if (!fields.includes('TTL')) return 'other';
  const more = fields.filter((field) => !plain.includes(field));
  if (more.length === 0) return 'simple';
  return more.sort().join() === 'Region,SetIdentifier' ? latency : 'other';
}

/** The identifier that a change has to name the set by; null where it has none. */
export function identifierOf(routing: Routing): string | null {
  return typeof routing === 'string' ? null : routing.setIdentifier;
}
