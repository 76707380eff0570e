/** What lies between two places of a home: delays between regions, and cuts between any two places. Pure. */
import { regionOfZone } from '#etcd/regions.ts';

/** One direction. */
export interface Link {
  /** A region, a zone or an instance id. */
  readonly from: string;
  readonly to: string;
  /** One way, milliseconds; 0 but between two regions. */
  readonly delayMs: number;
  /** What comes on top of the delay: from 0 to this many milliseconds, each as likely as the other. */
  readonly jitterMs: number;
  /** Nothing gets through. */
  readonly cut: boolean;
}

/** What becomes of the bytes of one direction. */
export type Pace = Pick<Link, 'delayMs' | 'jitterMs' | 'cut'>;

/** Where one end of a connection is. */
export interface Spot {
  readonly region: string;
  /** Null: somewhere in the region, and at none of its instances. */
  readonly instance: { readonly instanceId: string; readonly zone: string } | null;
}

export const undisturbed: Pace = { delayMs: 0, jitterMs: 0, cut: false };

/**
 * Bytes from one spot to another: by the link of their regions, unless any link that covers both is cut. An instance is
 * never cut off from itself.
 */
export function paceBetween(links: readonly Link[], from: Spot, to: Spot): Pace {
  if (from.instance !== null && from.instance.instanceId === to.instance?.instanceId) return undisturbed;
  const between = from.region === to.region ? null : links.find((link) => isFrom(link, from.region, to.region));
  const cut = links.some((link) => link.cut && covers(link.from, from) && covers(link.to, to));
  return { delayMs: between?.delayMs ?? 0, jitterMs: between?.jitterMs ?? 0, cut };
}

function isFrom(link: Link, from: string, to: string): boolean {
  return link.from === from && link.to === to;
}

function covers(place: string, { region, instance }: Spot): boolean {
  return place === region || place === instance?.zone || place === instance?.instanceId;
}

/** What is to be different; what is left out stays. */
export interface LinkChange {
  readonly from: string;
  readonly to: string;
  readonly delayMs?: number;
  readonly jitterMs?: number;
  readonly cut?: boolean;
}

/** What can be named. */
export interface KnownPlaces {
  readonly regions: readonly string[];
  readonly instanceIds: readonly string[];
}

/** A minute: no link on Earth is as slow, and a slower one would be a cut to etcd. */
export const longestMs = 60_000;

export interface Refusal {
  readonly field: keyof LinkChange;
  readonly message: string;
}

/** Why a change cannot be made; null where it can. */
export function refusalOf(change: LinkChange, known: KnownPlaces): Refusal | null {
  const { from, to, delayMs, jitterMs, cut } = change;
  const unknown = (['from', 'to'] as const).find((field) => !isKnown(change[field], known));
  if (unknown !== undefined) {
    const message = `is '${change[unknown]}'; allowed: ${known.regions.join(', ')}, a zone of theirs such as ${known.regions[0]}a, or the id of an instance`;
    return { field: unknown, message };
  }
  if (from === to && !known.regions.includes(from) && regionOfZone(from) === null)
    return { field: 'to', message: `is '${to}', as from is; an instance cannot be cut off from itself` };
  for (const [field, value] of Object.entries({ delayMs, jitterMs }) as [
    'delayMs' | 'jitterMs',
    number | undefined,
  ][]) {
    if (value === undefined) continue;
    if (typeof value !== 'number' || !(value >= 0 && value <= longestMs))
      return { field, message: `is ${JSON.stringify(value)}; allowed: 0 to ${longestMs} milliseconds` };
    if (value > 0 && !areTwoRegions(from, to, known))
      return {
        field,
        message: `is ${value} from ${from} to ${to}; only what goes from one region to another is delayed`,
      };
  }
  if (cut !== undefined && typeof cut !== 'boolean')
    return { field: 'cut', message: `is ${JSON.stringify(cut)}; allowed: true, false` };
  if (delayMs === undefined && jitterMs === undefined && cut === undefined)
    return { field: 'cut', message: 'is missing, and so are delayMs and jitterMs; give one of them' };
  return null;
}

function areTwoRegions(from: string, to: string, { regions }: KnownPlaces): boolean {
  return from !== to && regions.includes(from) && regions.includes(to);
}

function isKnown(place: unknown, { regions, instanceIds }: KnownPlaces): boolean {
  if (typeof place !== 'string') return false;
  const region = regionOfZone(place);
  return regions.includes(place) || instanceIds.includes(place) || (region !== null && regions.includes(region));
}

/**
 * Both directions between every two regions, and the cuts that were set besides. @param set as it was set, the oldest first
 */
export function linksOf(regions: readonly string[], set: readonly Link[]): readonly Link[] {
  const pairs = regions.flatMap((from) => regions.filter((to) => to !== from).map((to) => [from, to] as const));
  const between = pairs.map(([from, to]) => set.find((link) => isFrom(link, from, to)) ?? { from, to, ...undisturbed });
  const others = set.filter(({ from, to }) => !pairs.some(([one, other]) => one === from && other === to));
  return [...between, ...others];
}

/** The link as it is after a change. */
export function changed(set: readonly Link[], { from, to, delayMs, jitterMs, cut }: LinkChange): Link {
  const before = set.find((link) => isFrom(link, from, to)) ?? { from, to, ...undisturbed };
  return {
    from,
    to,
    delayMs: delayMs ?? before.delayMs,
    jitterMs: jitterMs ?? before.jitterMs,
    cut: cut ?? before.cut,
  };
}

/** Whether it does nothing. */
export function isIdle({ delayMs, jitterMs, cut }: Pace): boolean {
  return delayMs === 0 && jitterMs === 0 && !cut;
}
