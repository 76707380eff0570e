/** etcd versions as its binaries and its `/version` endpoint tell them. */

export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** Every minor the appliance knows, oldest first: the upgrade ladder. */
export const minors = ['2.0', '2.1', '2.2', '2.3', '3.0', '3.1', '3.2', '3.3', '3.4', '3.5', '3.6', '3.7'] as const;

export type Minor = (typeof minors)[number];

/** `X.Y.Z` without leading zeros, or null. */
export function parseVersion(text: string): Version | null {
  const match = /^(0|[1-9]\d{0,3})\.(0|[1-9]\d{0,3})\.(0|[1-9]\d{0,3})$/.exec(text);
  if (match === null) return null;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]) };
}

/** Whether this is `X.Y.Z` of a minor on the ladder. */
export function isSupported(version: string): boolean {
  return minorOf(version) !== null;
}

/** `3.5.35` -> `3.5`; null where it is no version of a minor on the ladder. */
export function minorOf(version: string): Minor | null {
  const parsed = parseVersion(version);
  if (parsed === null) return null;
  return minors.find((minor) => minor === `${parsed.major}.${parsed.minor}`) ?? null;
}

/** `X.Y.0`, which a cluster of this release reports; empty on 2.0, which reports none, and where it is no known version. */
export function clusterVersionOf(version: string): string {
  const minor = minorOf(version);
  return minor === null || minor === '2.0' ? '' : `${minor}.0`;
}

/**
 * Negative, zero or positive, as `a` is older than, the same as or newer than `b`.
 * @throws RangeError where one of them is no version.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [requireVersion(a), requireVersion(b)];
  return left.major - right.major || left.minor - right.minor || left.patch - right.patch;
}

function requireVersion(text: string): Version {
  const version = parseVersion(text);
  if (version === null) throw new RangeError(`'${text}' is not a version X.Y.Z`);
  return version;
}

/** What a member says of itself; `cluster` is null where it is not decided yet, or where etcd 2.0 has no such thing. */
export interface VersionAnswer {
  readonly server: string;
  readonly cluster: string | null;
}

/**
 * Reads the body of `GET /version`: JSON `{etcdserver, etcdcluster}` from 2.1 on, where `etcdcluster` may be missing or
 * `not_decided`; JSON `{releaseVersion, internalVersion}` (2.0.0 and 2.0.5, measured) or plain text `etcd 2.0.x` in 2.0. Null
 * where it is none of these.
 */
export function parseVersionAnswer(body: string): VersionAnswer | null {
  const plain = /^etcd (\S+)\s*$/.exec(body);
  if (plain !== null)
    return plain[1] !== undefined && parseVersion(plain[1]) ? { server: plain[1], cluster: null } : null;
  const answer = parseJson(body);
  if (typeof answer !== 'object' || answer === null) return null;
  if ('releaseVersion' in answer && typeof answer.releaseVersion === 'string')
    return parseVersion(answer.releaseVersion) === null ? null : { server: answer.releaseVersion, cluster: null };
  if (!('etcdserver' in answer)) return null;
  const server = answer.etcdserver;
  if (typeof server !== 'string' || parseVersion(server) === null) return null;
  const cluster = 'etcdcluster' in answer ? answer.etcdcluster : null;
  return { server, cluster: typeof cluster === 'string' && parseVersion(cluster) ? cluster : null };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The highest of versions, of which some are not known; null where none is. */
export function highestOf(versions: readonly (string | null)[]): string | null {
  const known = versions.filter((version) => version !== null).sort(compareVersions);
  return known.at(-1) ?? null;
}
