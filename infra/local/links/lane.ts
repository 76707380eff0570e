/**
 * One direction of a connection: what goes in comes out in the same order, when it is due. Times are absolute, so that
 * lateness of a timer never adds up. While the link is cut nothing comes out; what was held is late by a delay more, as if
 * it were sent again then. What it does not do: lose, repeat or reorder packets, limit bandwidth, back off between
 * retransmissions (what TCP holds after a cut of T may take up to T longer).
 */
import type { Pace } from './rules.ts';

/** Bytes, or what TCP says without any: a step of its handshake, the end of the stream, a reset. */
export type Parcel = Buffer | 'open' | 'opened' | 'end' | 'reset';

export interface LaneOptions {
  /** Takes one parcel; false: no more until `resume` is called. */
  readonly deliver: (parcel: Parcel) => boolean;
  /** Whether there is room for more; called when that changes. */
  readonly room: (isRoom: boolean) => void;
  /** Something was held back for longer than TCP tries. */
  readonly expired: () => void;
}

export interface Lane {
  push(parcel: Parcel): void;
  setPace(pace: Pace): void;
  /** @param sentAgain what waits was only sent now: the way begins anew */
  resume(sentAgain?: boolean): void;
  /** Nothing comes out any more. */
  close(): void;
}

interface Waiting {
  readonly parcel: Parcel;
  readonly sinceMs: number;
  /** Its part of the jitter, 0 to 1. */
  readonly share: number;
}

/** What is on its way at most, as Linux's largest receive window (tcp_rmem: 6 MiB); who sends more waits. */
const windowBytes = 6 * 1024 * 1024;
/**
 * Linux gives up after about 15 minutes of retransmissions (tcp_retries2), and 127 s of attempts to connect
 * (tcp_syn_retries).
 */
const heldAtMostMs = { connection: 924_000, handshake: 127_000 };
/** What a parcel takes in memory besides its bytes, about: many small ones must not fill it either. */
const bytesAround = 512;

export function createLane(first: Pace, { deliver, room, expired }: LaneOptions): Lane {
  const queue: Waiting[] = [];
  let pace = first;
  let bytes = 0;
  let isRoom = true;
  let stopped = false;
  let closed = false;
  let cutSinceMs = 0;
  /** When what waits set out at the earliest. */
  let setOutMs = 0;
  let timer: NodeJS.Timeout | null = null;
  let timerDueMs = 0;

  const dueMs = ({ sinceMs, share }: Waiting) => Math.max(sinceMs, setOutMs) + pace.delayMs + share * pace.jitterMs;

  function look(): void {
    while (!stopped && !closed && !pace.cut) {
      const head = queue[0];
      if (head === undefined || dueMs(head) > performance.now()) break;
      queue.shift();
      count(-sizeOf(head.parcel));
      if (!deliver(head.parcel)) stopped = true;
    }
    arm();
  }

  function arm(): void {
    const head = queue[0];
    const at = head === undefined || stopped || closed ? null : pace.cut ? expiryMs(head, cutSinceMs) : dueMs(head);
    if (timer !== null && at === timerDueMs) return;
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (at === null) return;
    timerDueMs = at;
    timer = setTimeout(ring, Math.max(0, Math.ceil(at - performance.now())));
  }

  function ring(): void {
    timer = null;
    const head = queue[0];
    if (head !== undefined && pace.cut && expiryMs(head, cutSinceMs) <= performance.now()) expired();
    else look();
  }

  function count(more: number): void {
    bytes += more;
    // Let in again only when half of it is gone, and not for each parcel.
    const next = isRoom ? bytes < windowBytes : bytes < windowBytes / 2;
    if (next === isRoom) return;
    isRoom = next;
    room(next);
  }

  return {
    push(parcel) {
      if (closed) return;
      queue.push({ parcel, sinceMs: performance.now(), share: Math.random() });
      count(sizeOf(parcel));
      if (queue.length === 1) look();
    },
    setPace(next) {
      if (next.cut && !pace.cut) cutSinceMs = performance.now();
      if (pace.cut && !next.cut) setOutMs = performance.now();
      pace = next;
      look();
    },
    resume(sentAgain = false) {
      stopped = false;
      if (sentAgain) setOutMs = performance.now();
      look();
    },
    close() {
      closed = true;
      queue.length = 0;
      arm();
    },
  };
}

function sizeOf(parcel: Parcel): number {
  return bytesAround + (typeof parcel === 'string' ? 0 : parcel.length);
}

function expiryMs({ parcel, sinceMs }: Waiting, cutSinceMs: number): number {
  const handshake = parcel === 'open' || parcel === 'opened';
  return Math.max(sinceMs, cutSinceMs) + (handshake ? heldAtMostMs.handshake : heldAtMostMs.connection);
}
