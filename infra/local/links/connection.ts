/**
 * One connection through a proxy: two sockets of this machine, and between them two lanes that stand for the way there and
 * back. Setting it up takes a round trip, as TCP's handshake does, though the dialler's kernel is told at once that it is
 * connected. What it does not do: notice that acknowledgements are cut off while bytes get through, or keep-alive probes
 * that are; a direction fails by itself alone.
 */
import type { Socket } from 'node:net';
import { createLane, type Parcel } from './lane.ts';
import type { Pace } from './rules.ts';

export interface Paces {
  readonly there: Pace;
  readonly back: Pace;
}

export interface ProxiedConnection {
  /** From now on, also for what is on its way. */
  setPaces(paces: Paces): void;
  /** Ends it as the end of its host would. */
  reset(): void;
}

/**
 * @param client connected and paused; both sockets with `allowHalfOpen`
 * @param dial opens the way to the server, when the first packet has got there
 * @param onGone called once, when both sockets are closed
 */
export function proxyConnection(
  client: Socket,
  paces: Paces,
  dial: () => Socket,
  onGone: () => void,
): ProxiedConnection {
  let { there, back } = paces;
  let server: Socket | null = null;
  let established = false;

  const toServer = createLane(there, {
    deliver: (parcel) => (parcel === 'open' ? open() : hand(parcel, server)),
    room: (isRoom) => (isRoom ? client.resume() : client.pause()),
    expired: reset,
  });
  const toClient = createLane(back, {
    deliver: (parcel) => (parcel === 'opened' ? opened() : hand(parcel, client)),
    room: (isRoom) => (isRoom ? server?.resume() : server?.pause()),
    expired: reset,
  });

  /** The first packet has arrived. What follows it in the lane waits for the answer. */
  function open(): boolean {
    server = dial().setNoDelay();
    server.once('connect', () => toClient.push('opened'));
    server.on('drain', () => toServer.resume());
    read(server, toClient, () => toClient.push('end'));
    return false;
  }

  function opened(): boolean {
    established = true;
    toServer.resume(true);
    return true;
  }

  /**
   * Who closes while the handshake is held back has given up: it would not have been connected yet, and nobody is to be
   * told.
   */
  function clientEnded(): void {
    if (!established && (there.cut || back.cut)) reset();
    else toServer.push('end');
  }

  function read(socket: Socket, lane: typeof toServer, ended: () => void): void {
    let whole = false;
    socket.on('data', (bytes: Buffer) => lane.push(bytes));
    socket.once('end', () => {
      whole = true;
      ended();
    });
    // Its reason is told by what follows: a close without an end.
    socket.on('error', () => {});
    socket.once('close', (failed: boolean) => {
      if (failed || !whole) lane.push('reset');
      (lane === toServer ? toClient : toServer).close();
      // Nothing tells the server of a client that never knew it.
      if (!established) server?.resetAndDestroy();
      gone();
    });
  }

  function gone(): void {
    if (!client.closed) return;
    if (server === null) toServer.close();
    if (server === null || server.closed) onGone();
  }

  function reset(): void {
    toServer.close();
    toClient.close();
    client.resetAndDestroy();
    server?.resetAndDestroy();
  }

  client.setNoDelay();
  client.on('drain', () => toClient.resume());
  toServer.push('open');
  read(client, toServer, clientEnded);
  client.resume();

  return {
    setPaces(next) {
      ({ there, back } = next);
      toServer.setPace(there);
      toClient.setPace(back);
    },
    reset,
  };
}

/** @returns whether it takes more at once */
function hand(parcel: Parcel, to: Socket | null): boolean {
  if (to === null || to.destroyed) return true;
  if (parcel === 'reset') to.resetAndDestroy();
  else if (parcel === 'end') to.end();
  else if (typeof parcel !== 'string') return to.write(parcel);
  return true;
}
