/** What follows from measured round trips. Pure. */
import { defaultTiming, type RaftTiming, timingFor, worstRoundTripMs } from '#etcd/timing.ts';
import type { MeasuredRoundTrips } from '../../agent/protocol.ts';
import type { Timing } from '../catalogue/regions.ts';

export type JudgedTiming =
  | { readonly verdict: 'measured'; readonly timing: RaftTiming; readonly roundTripMs: number }
  /** Sentences. */
  | { readonly verdict: 'unfit'; readonly problems: readonly string[] };

/** @param measured empty: members are in one region, and etcd's own timing is theirs */
export function judgeRoundTrips(measured: readonly MeasuredRoundTrips[], mostMs: number): JudgedTiming {
  const unreached = measured.flatMap(({ member, roundTrips }) =>
    roundTrips.filter(({ ms }) => ms === null).map(({ address }) => `${member} does not reach ${address}`),
  );
  if (unreached.length > 0) {
    const look =
      'the peering connection, the routes of both regions and the security groups of both have to let ports 2379 and 2380 through';
    return { verdict: 'unfit', problems: [...unreached, look] };
  }
  const worst = worstRoundTripMs(measured.flatMap(({ roundTrips }) => roundTrips.map(({ ms }) => ms))) ?? 0;
  if (worst > mostMs)
    return {
      verdict: 'unfit',
      problems: [
        `a round trip between the regions takes ${worst} ms, more than maxRoundTripMs, ${mostMs}: each write would take at least as long`,
      ],
    };
  return { verdict: 'measured', timing: measured.length === 0 ? defaultTiming : timingFor(worst), roundTripMs: worst };
}

/** How long one member may take to beat as it is to: they restart one after the other, and it may be the last. @param eachMs for one of them */
export function restartsTimeoutMs({ members }: Pick<Timing, 'members'>, eachMs: number): number {
  return Math.max(1, members.length) * eachMs;
}
