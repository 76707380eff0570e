/** Whether a member is healthy, from what its agent observed, with the reasons where it is not. */

export type HealthVerdict =
  | { readonly verdict: 'healthy' }
  /** On its way: worth waiting for. */
  | { readonly verdict: 'converging'; readonly reasons: readonly string[] }
  /** Waiting alone will not help. */
  | { readonly verdict: 'unhealthy'; readonly reasons: readonly string[] };

/** What was seen of a member at one moment; null where it could not be had. */
export interface MemberObservation {
  readonly name: string;
  readonly processRunning: boolean;
  readonly crashLooping: boolean;
  /** X.Y.Z that its `/version` tells. */
  readonly serverVersion: string | null;
  readonly clusterVersion: string | null;
  readonly leaderId: string | null;
  readonly learner: boolean;
  /** A linearizable read and a write were answered by this member; the error where they were not. */
  readonly readAndWrite: { readonly ok: true } | { readonly ok: false; readonly error: string };
  /** Names of the members that it lists. */
  readonly members: readonly string[] | null;
  /** Raised alarms that concern it: NOSPACE, CORRUPT. */
  readonly alarms: readonly string[];
  /** Asked of a 3.0 with TLS alone, whose v3 API depends on it (`TlsFacts.v3Api`); null of others, and where it was not to be had. */
  readonly offersHttp2: boolean | null;
}

export interface HealthExpectation {
  /** X.Y.Z; null: whatever it runs. */
  readonly version: string | null;
  /** Names the cluster has to list; empty: whatever it lists. */
  readonly members: readonly string[];
}

/**
 * A member is healthy only when it answered a real linearizable read and write: `/health` alone says healthy of a member
 * that refuses every request (etcd 3.5 with replayed cluster versions: `etcdserver: not capable`).
 */
export function healthVerdict(seen: MemberObservation, expected: HealthExpectation): HealthVerdict {
  const broken = lasting(seen, expected);
  if (broken.length > 0) return { verdict: 'unhealthy', reasons: broken };
  const missing = passing(seen, expected);
  return missing.length > 0 ? { verdict: 'converging', reasons: missing } : { verdict: 'healthy' };
}

function lasting(seen: MemberObservation, expected: HealthExpectation): string[] {
  const reasons: string[] = [];
  if (seen.crashLooping) reasons.push(`etcd on ${seen.name} exits again and again`);
  if (seen.offersHttp2 === false) reasons.push(noHttp2(seen.name));
  for (const alarm of seen.alarms) reasons.push(`${seen.name} has the alarm ${alarm}`);
  if (expected.version !== null && seen.serverVersion !== null && seen.serverVersion !== expected.version) {
    reasons.push(`${seen.name} runs etcd ${seen.serverVersion}, not ${expected.version}`);
  }
  return reasons;
}

/** Known from the first handshake on, while a mixed cluster still serves the v2 API: before its version is 3.0, and cannot go back. */
export function noHttp2(name: string): string {
  return `etcd on ${name} was built so that its v3 API does not work over TLS (with Go 1.7 or newer: etcd issue 6455): use the official release`;
}

function passing(seen: MemberObservation, expected: HealthExpectation): string[] {
  if (!seen.processRunning) return [`etcd on ${seen.name} is not running`];
  if (seen.serverVersion === null) return [`etcd on ${seen.name} does not answer /version`];
  const reasons: string[] = [];
  if (seen.leaderId === null) reasons.push(`${seen.name} sees no leader`);
  if (seen.learner) reasons.push(`${seen.name} is still a learner`);
  if (!seen.readAndWrite.ok) reasons.push(`a read and write at ${seen.name} failed: ${seen.readAndWrite.error}`);
  return [...reasons, ...listReasons(seen, expected.members)];
}

function listReasons(seen: MemberObservation, expected: readonly string[]): string[] {
  if (seen.members === null) return [`${seen.name} does not list the members`];
  const listed = seen.members;
  const absent = expected.filter((name) => !listed.includes(name));
  const surplus = expected.length === 0 ? [] : listed.filter((name) => !expected.includes(name));
  return [
    ...absent.map((name) => `${seen.name} does not list the member ${name}`),
    ...surplus.map((name) => `${seen.name} lists a member ${name || '(not started yet)'} that is not expected`),
  ];
}
