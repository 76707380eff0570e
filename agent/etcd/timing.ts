/** How often the leader is heard of, and how long a follower waits without: from the round trips between the members. Pure. */
import { factsOf } from './minors.ts';
import { compareVersions, minorOf } from './versions.ts';

export interface RaftTiming {
  /** Milliseconds between the leader's heartbeats. */
  readonly heartbeatIntervalMs: number;
  /** Milliseconds that a follower waits before it campaigns; the same on all members. */
  readonly electionTimeoutMs: number;
}

/** etcd's own, for members in one region. */
export const defaultTiming: RaftTiming = { heartbeatIntervalMs: 100, electionTimeoutMs: 1_000 };

/** A heartbeat that is late by this much is not lost, in milliseconds. */
const jitterMs = 10;
const stepMs = 50;
/** etcd refuses a longer one (embed: maxElectionMs). */
export const longestElectionMs = 50_000;

/**
 * A heartbeat of one and a half round trips and a little for their jitter, in steps of 50 ms and never below etcd's default; an election
 * time-out of ten heartbeats (etcd documentation, Tuning: the heartbeat about 0.5 to 1.5 times the round trip between members, the election
 * time-out at least ten times the round trip and at most 50 s). 25 ms: 100 and 1000; 62 and 80 ms: 150 and 1500; 140 ms: 250 and 2500.
 * @param roundTripMs the worst between two members
 */
export function timingFor(roundTripMs: number): RaftTiming {
  const wanted = Math.ceil((1.5 * roundTripMs + jitterMs) / stepMs) * stepMs;
  const heartbeatIntervalMs = Math.max(defaultTiming.heartbeatIntervalMs, wanted);
  return { heartbeatIntervalMs, electionTimeoutMs: Math.min(10 * heartbeatIntervalMs, longestElectionMs) };
}

/** Absent: etcd's own. */
export function sameTiming(one: RaftTiming = defaultTiming, other: RaftTiming = defaultTiming): boolean {
  return one.heartbeatIntervalMs === other.heartbeatIntervalMs && one.electionTimeoutMs === other.electionTimeoutMs;
}

/** The longest of what members have measured; null where somebody could not be reached. */
export function worstRoundTripMs(measured: readonly (number | null)[]): number | null {
  return measured.reduce<number | null>((worst, ms) => (worst === null || ms === null ? null : Math.max(worst, ms)), 0);
}

/** From these patches on a starting member can be kept from campaigning almost at once (etcd pull request 9591, issue 9592). */
const tickAdvanceFrom: Readonly<Record<string, string>> = { '3.1': '3.1.14', '3.2': '3.2.19', '3.3': '3.3.4' };

/**
 * The flags of a timing; none for etcd's own. Members that are far from each other do not fast-forward their first election, which would
 * unseat a leader whose heartbeat is on its way, and ask before they campaign: `--pre-vote` is 3.4's, and the default from 3.5 on (CHANGELOG-3.5).
 */
export function timingArguments(version: string, { heartbeatIntervalMs, electionTimeoutMs }: RaftTiming): string[] {
  if (
    heartbeatIntervalMs === defaultTiming.heartbeatIntervalMs &&
    electionTimeoutMs === defaultTiming.electionTimeoutMs
  )
    return [];
  return [
    `--heartbeat-interval=${heartbeatIntervalMs}`,
    `--election-timeout=${electionTimeoutMs}`,
    ...(canHoldTicks(version) ? ['--initial-election-tick-advance=false'] : []),
    ...(minorOf(version) === '3.4' ? ['--pre-vote=true'] : []),
  ];
}

function canHoldTicks(version: string): boolean {
  const from = tickAdvanceFrom[minorOf(version) ?? ''];
  return from === undefined ? factsOf(version).learners : compareVersions(version, from) >= 0;
}
