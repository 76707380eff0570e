/** Measures how far other instances are: of two ports, as the security groups of two regions may let through only one of them. */
import { clientPort, peerPort } from '#etcd/addresses.ts';
import { roundTripMs } from '../machine/roundTrip.ts';
import type { MeasuredRoundTrips, MeasureRoundTripsInput, RoundTrip } from '../protocol.ts';

const tries = 6;

/** All at the same time; the longer one of both ports, since members need both. */
export async function measureRoundTrips(
  { addresses, timeoutMs }: MeasureRoundTripsInput,
  { identity }: { readonly identity: { readonly instanceId: string } },
): Promise<MeasuredRoundTrips> {
  const roundTrips = await Promise.all(addresses.map((address) => measure(address, timeoutMs)));
  return { member: identity.instanceId, roundTrips };
}

async function measure(address: string, timeoutMs: number): Promise<RoundTrip> {
  const times = await Promise.all(
    [peerPort, clientPort].map((port) => roundTripMs({ address, port, tries, timeoutMs }).catch(() => null)),
  );
  const reached = times.filter((ms) => ms !== null);
  const ms = reached.length < times.length ? null : Math.max(...reached);
  return { address, ms: ms === null ? null : Math.round(ms * 10) / 10 };
}
