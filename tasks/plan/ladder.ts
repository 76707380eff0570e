/** The ladder from what a cluster runs to what it is to run: one minor at a time, with what each hop asks for. Pure. */
import { hopInto, knownBad, ladderSnapshotCount, nextMinor, type Sourced } from '#etcd/hops.ts';
import { factsOf } from '#etcd/minors.ts';
import { clusterVersionOf, compareVersions, type Minor, minorOf } from '#etcd/versions.ts';
import type { Gate, Hop } from '../catalogue.ts';

export interface LadderFacts {
  /** X.Y.Z of each member. */
  readonly versions: readonly string[];
  /** X.Y.Z that the cluster was created with: from then on its log may hold entries of that minor. */
  readonly bornAt: string;
  /** Whether every member has taken a raft snapshot since the cluster version changed last. */
  readonly snapshotsCover: boolean;
  readonly authEnabled: boolean;
  /** At the top of the v2 store; null where no member serves the v2 API, so that nobody knows. */
  readonly v2Keys: readonly string[] | null;
  /** Whether members are started with the v2 API on where that is not the default. */
  readonly v2Api: boolean;
  /** Whether what is in the v2 store is to be deleted before 3.6, and has not been yet. */
  readonly deletesV2Keys: boolean;
  /** Of the biggest member, in bytes. */
  readonly dataBytes: number;
  /** The release of this minor to stop at, the newest that can be had from `least` on; null where there is none. */
  readonly releaseOf: (minor: Minor, least: string | null) => string | null;
}

export type Ladder =
  | { readonly verdict: 'planned'; readonly hops: readonly Hop[] }
  | { readonly verdict: 'refused'; readonly reasons: readonly string[] };

/** Every hop to the target; none where the members run it already. Refused where etcd does not allow it, with what to do instead. */
export function planLadder(facts: LadderFacts, to: string): Ladder {
  if (facts.versions.every((version) => version === to)) return { verdict: 'planned', hops: [] };
  const [from = to] = [...facts.versions].sort(compareVersions);
  const against = reasonsAgainst(facts, from, to);
  if (against.length > 0) return { verdict: 'refused', reasons: against };
  const stops = stopsBetween(facts, from, to);
  if (typeof stops === 'string') return { verdict: 'refused', reasons: [stops] };
  const refusals = stops.flatMap(({ into }) => (into === null ? [] : refusedGates(facts, into)));
  if (refusals.length > 0) return { verdict: 'refused', reasons: refusals };
  return { verdict: 'planned', hops: stops.map((stop, index) => hopOf(facts, stop, stops[index + 1] ?? null)) };
}

interface Stop {
  readonly from: string;
  readonly to: string;
  /** The minor that it leads into; null within a minor. */
  readonly into: Minor | null;
  /** Within 3.5: members are restarted with the v2 API on, or its keys are deleted and they are restarted with it off. */
  readonly v2?: 'open' | 'delete';
}

function reasonsAgainst({ versions }: LadderFacts, from: string, to: string): string[] {
  const bad = knownBad(to);
  const highest = [...versions].sort(compareVersions).at(-1) ?? from;
  const [lowMinor, highMinor, target] = [minorOf(from), minorOf(highest), minorOf(to)];
  if (lowMinor === null || highMinor === null || target === null)
    return [`members run ${[...new Set(versions)].join(', ')}; the ladder goes from 2.0 to 3.7`];
  if (compareMinors(highMinor, target) > 0)
    return [
      lowMinor === highMinor
        ? `the cluster runs ${highest}: etcd does not go back from ${highMinor} to ${target}; restore a backup into a new cluster of ${target} instead`
        : `members run ${from} and ${highest}: an upgrade to ${highMinor} was begun: finish it with a target of ${highMinor} or later; or roll it back while it is halted; or, where it was abandoned, terminate the instances that run ${highest}, one after the other`,
    ];
  if (highMinor !== lowMinor && nextMinor(lowMinor) !== highMinor)
    return [`members run ${from} and ${highest}, more than one minor apart: etcd supports no such cluster`];
  return bad === null ? [] : [`etcd ${to} is no release to run: ${bad}; choose a later patch`];
}

/** The releases on the way; a sentence where one of them cannot be had. */
function stopsBetween(facts: LadderFacts, from: string, to: string): Stop[] | string {
  const target = minorOf(to) as Minor;
  const stops: Stop[] = [];
  let at = from;
  const goTo = (next: string, into: Minor | null, v2?: Stop['v2']) => {
    stops.push({ from: at, to: next, into, ...(v2 && { v2 }) });
    at = next;
  };
  for (let minor = minorOf(from) as Minor; minor !== target; ) {
    const next = nextMinor(minor) as Minor;
    const begun = begunVersion(facts.versions, next);
    const least = begun === null ? leastPatch(facts, next) : null;
    if (least !== null && compareVersions(at, least.value) < 0) {
      const patch = facts.releaseOf(minor, least.value);
      if (patch === null) return unavailable(minor, least);
      goTo(patch, null);
    }
    if (begun === null) for (const v2 of v2Stops(facts, from, next)) goTo(at, null, v2);
    if (stops.length === 0 && begun === null && needsSnapshotFirst(facts, minor, next)) goTo(at, null);
    const stop = next === target ? to : (begun ?? stopIn(facts, next));
    if (stop === null) return `no release of etcd ${next} can be had: ${putIt(next)}`;
    goTo(stop, next);
    minor = next;
  }
  if (at !== to) goTo(to, null);
  // A patch move back that was halted: the lowest run it already.
  const [highest = to] = [...facts.versions].sort((a, b) => compareVersions(b, a));
  if (stops.length === 0 && highest !== to) stops.push({ from: highest, to, into: null });
  return stops;
}

/** The release that members run already which an upgrade into this minor had reached before it was halted. */
function begunVersion(versions: readonly string[], next: Minor): string | null {
  const begun = versions.filter((version) => minorOf(version) === next).sort(compareVersions);
  return begun.at(-1) ?? null;
}

/** The best release of a minor in between: such that the hop after it needs no patch of its own, where there is one. */
function stopIn(facts: LadderFacts, minor: Minor): string | null {
  const after = nextMinor(minor);
  const least = after === null ? null : leastPatch(facts, after);
  return facts.releaseOf(minor, least?.value ?? null) ?? facts.releaseOf(minor, null);
}

function leastPatch({ authEnabled }: LadderFacts, into: Minor): Sourced<string> | null {
  const { leastPatch: always, leastPatchWithAuth } = hopInto(into);
  return always ?? (authEnabled ? leastPatchWithAuth : undefined) ?? null;
}

function unavailable(minor: Minor, { value, reason, source }: Sourced<string>): string {
  return `every member needs etcd ${value} or a later ${minor} first (${reason}; ${source}), and none can be had: ${putIt(minor)}`;
}

function putIt(minor: Minor): string {
  return `put the archive etcd-v${minor}.Z-linux-ARCH.tar.gz and its SHA-256 (.sha256 beside it) under releases/ in the cluster's bucket`;
}

function needsSnapshotFirst({ snapshotsCover, bornAt }: LadderFacts, minor: Minor, next: Minor): boolean {
  return hopInto(next).raftSnapshot !== undefined && !snapshotsCover && minorOf(bornAt) !== minor;
}

/** Before 3.6 the v2 store is emptied where that was asked for; its API must be on for that, and off after it. */
function v2Stops(
  { v2Keys, v2Api, deletesV2Keys }: LadderFacts,
  from: string,
  next: Minor,
): readonly ('open' | 'delete')[] {
  if (next !== '3.6' || !deletesV2Keys) return [];
  const served = v2Api || (compareVersions(from, '3.4.0') < 0 && (v2Keys?.length ?? 0) > 0);
  if (served) return ['delete'];
  return v2Keys === null ? ['open', 'delete'] : [];
}

function refusedGates({ authEnabled, v2Keys, deletesV2Keys }: LadderFacts, into: Minor): string[] {
  const { authOff, emptyV2Store } = hopInto(into);
  const refusals: string[] = [];
  if (emptyV2Store !== undefined && v2Keys !== null && v2Keys.length > 0 && !deletesV2Keys)
    refusals.push(
      `the v2 store holds ${v2Keys.join(', ')}, and ${emptyV2Store.reason} (${emptyV2Store.source}): move what is still needed to the v3 API, then start again with "v2Keys": "delete"; or choose a target up to 3.5`,
    );
  if (authOff === undefined || !authEnabled) return refusals;
  return [
    ...refusals,
    `auth is on, and ${authOff.reason} (${authOff.source}): turn it off for the upgrade (etcdctl auth disable), and on again after it`,
  ];
}

function hopOf(facts: LadderFacts, { from, to, into, v2 }: Stop, next: Stop | null): Hop {
  const raftSnapshot = next?.into != null && hopInto(next.into).raftSnapshot !== undefined;
  const keepsV2Api = facts.v2Api || (facts.v2Keys?.length ?? 0) > 0;
  return {
    kind: into !== null ? 'minor' : from === to && (raftSnapshot || v2 !== undefined) ? 'restart' : 'patch',
    from,
    to,
    snapshotCount: raftSnapshot ? ladderSnapshotCount(facts.dataBytes) : 0,
    clusterVersion: clusterVersionOf(to),
    raftSnapshot,
    v2Api: v2 === 'open' || (v2 !== 'delete' && keepsV2Api && factsOf(to).enableV2 && !factsOf(to).v2ByDefault),
    deletesV2Keys: v2 === 'delete',
    checksV2Store: into !== null && hopInto(into).emptyV2Store !== undefined,
    gates: into === null ? [] : gatesOf(facts, from, into),
  };
}

function gatesOf(facts: LadderFacts, from: string, into: Minor): Gate[] {
  const hop = hopInto(into);
  const least = leastPatch(facts, into);
  const planned = (gate: Gate['gate'], what?: Sourced<unknown>): Gate[] =>
    what === undefined ? [] : [{ gate, state: 'planned', reason: what.reason, source: what.source }];
  return [
    ...(least === null
      ? []
      : [
          {
            gate: 'leastPatch' as const,
            state: facts.versions.every((version) => compareVersions(version, least.value) >= 0)
              ? ('met' as const)
              : ('planned' as const),
            reason: `every member runs ${least.value} or later: ${least.reason} (here ${from})`,
            source: least.source,
          },
        ]),
    ...(hop.authOff === undefined
      ? []
      : [{ gate: 'authOff' as const, state: 'met' as const, reason: hop.authOff.reason, source: hop.authOff.source }]),
    ...planned('raftSnapshot', hop.raftSnapshot),
    ...planned('v3Key', hop.v3Key),
    ...planned('emptyV2Store', hop.emptyV2Store),
    ...planned('swapOnly', hop.swapOnly),
  ];
}

function compareMinors(a: Minor, b: Minor): number {
  return compareVersions(`${a}.0`, `${b}.0`);
}
