/** Measures how far other instances are: of two ports, as the security groups of two regions may let through only one of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { clientPort, peerPort } from '#etcd/addresses.ts';
import { roundTripMs } from '../machine/roundTrip.ts';
import type { MeasuredRoundTrips, MeasureRoundTripsInput, RoundTrip } from '../protocol.ts';

const tries = 6;
const longestPauseMs = 1_000;
/**
 * How long an address may give nothing before that is what is reported, in deadlines of a try: of the 3 s that are asked for, 90 s. Auto Scaling
 * calls an instance in service that EC2 has just started, and its network is up a while later. Counted in what the command says already, since
 * agents of before would refuse a field that they do not know.
 */
const silentDeadlines = 30;

export interface MeasureContext {
  readonly identity: { readonly instanceId: string };
  /** When the command was received, in milliseconds of the monotonic clock: patience counts from there, also after a restart. */
  readonly receivedAtMs: number;
}

/**
 * One address after the other, so that what this machine and its links have to do for one is not measured with another; the longer one of both
 * ports, since members need both. What is silent is waited for together.
 */
export async function measureRoundTrips(
  { addresses, timeoutMs }: MeasureRoundTripsInput,
  { identity, receivedAtMs }: MeasureContext,
): Promise<MeasuredRoundTrips> {
  const untilMs = receivedAtMs + silentDeadlines * timeoutMs;
  const first: RoundTrip[] = [];
  for (const address of addresses) first.push(await measure(address, timeoutMs));
  const roundTrips = await Promise.all(first.map((one) => (one.ms === null ? waitFor(one, timeoutMs, untilMs) : one)));
  return { member: identity.instanceId, roundTrips };
}

/** What was not reached on both ports is measured anew until then. */
async function waitFor(silent: RoundTrip, timeoutMs: number, untilMs: number): Promise<RoundTrip> {
  for (let measured = silent; ; measured = await measure(silent.address, timeoutMs)) {
    if (measured.ms !== null || performance.now() >= untilMs) return measured;
    // Where there is no route, an error comes at once.
    await sleep(Math.min(timeoutMs, longestPauseMs));
  }
}

async function measure(address: string, timeoutMs: number): Promise<RoundTrip> {
  const times = await Promise.all(
    [peerPort, clientPort].map((port) => roundTripMs({ address, port, tries, timeoutMs }).catch(() => null)),
  );
  const reached = times.filter((ms) => ms !== null);
  const ms = reached.length < times.length ? null : Math.max(...reached);
  return { address, ms: ms === null ? null : Math.round(ms * 10) / 10 };
}
