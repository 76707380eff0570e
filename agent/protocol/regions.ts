/** The commands for members in two regions, their inputs and results. */
import type { RaftTiming } from '#etcd/timing.ts';

/** name -> input and result */
export interface RegionCommands {
  /** How far other instances are from this one, whether or not their etcd runs already. */
  measureRoundTrips: { input: MeasureRoundTripsInput; result: MeasuredRoundTrips };
  /** Waits until this member's etcd was started with a timing and is healthy: its agent restarts it in its turn. */
  awaitTiming: { input: AwaitTimingInput; result: TimedMember };
}

export interface MeasureRoundTripsInput {
  /** Private IPv4 addresses. */
  readonly addresses: readonly string[];
  /** Milliseconds for each try; an address that gives nothing is tried for thirty times as long. */
  readonly timeoutMs: number;
}

export interface RoundTrip {
  readonly address: string;
  /** The shortest of a few tries; null where none came back until the end. */
  readonly ms: number | null;
}

export interface MeasuredRoundTrips {
  readonly member: string;
  readonly roundTrips: readonly RoundTrip[];
}

export interface AwaitTimingInput {
  readonly timing: RaftTiming;
  /** Milliseconds for all members that come before this one, and for this one; the agent adds what reading their data takes. */
  readonly timeoutMs: number;
}

export interface TimedMember {
  readonly member: string;
  /** Milliseconds from the command's start. */
  readonly waitedMs: number;
}
