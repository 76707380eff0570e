/**
 * What stands in front of one instance's etcd: listens at the instance's own address and hands connections on to where etcd
 * really listens.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { explain } from '../home/network.ts';
import { type ProxiedConnection, proxyConnection } from './connection.ts';
import type { Diallers } from './diallers.ts';
import { paceBetween, type Spot } from './rules.ts';
import {
  hiddenAddress,
  type ProxiedInstance,
  proxiedPorts,
  spotOfAddress,
  spotOfInstance,
  type World,
} from './world.ts';

export interface Front {
  readonly instance: ProxiedInstance;
  /** Tells the live connections. */
  worldChanged(): void;
  /** Takes no new connections; those that there are end as their processes do. */
  close(): void;
}

export interface FrontOptions {
  readonly instance: ProxiedInstance;
  readonly world: () => World;
  readonly diallers: Diallers;
  readonly log: (line: string) => void;
}

/**
 * How often a port is tried that somebody else has: an etcd that was started without a proxy keeps it, and is reached
 * directly, until it is started again.
 */
const retryMs = 500;

/** @throws Error where this machine does not have the address or the one behind it, saying what to type */
export async function openFront(options: FrontOptions): Promise<Front> {
  const { instance, world } = options;
  const live = new Map<ProxiedConnection, Spot>();
  const here = spotOfInstance(instance);
  const servers = new Set<Server>();
  const retries = new Set<NodeJS.Timeout>();
  let closed = false;

  const pacesFor = (from: Spot) => ({
    there: paceBetween(world().links, from, here),
    back: paceBetween(world().links, here, from),
  });

  async function accept(client: Socket, port: number): Promise<void> {
    // An error before the connection has its own listener would end this process.
    client.on('error', () => {});
    const from = (await diallerOf(client, port, options)) ?? { region: here.region, instance: null };
    if (client.destroyed) return;
    const dial = () => connect({ host: hiddenAddress(instance.address), port, allowHalfOpen: true });
    const connection = proxyConnection(client, pacesFor(from), dial, () => live.delete(connection));
    live.set(connection, from);
  }

  async function listen(port: number): Promise<void> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => void accept(client, port));
    try {
      await listening(server, port, instance.address);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      const timer = setTimeout(() => {
        retries.delete(timer);
        listen(port).catch((failure: Error) => options.log(failure.message));
      }, retryMs);
      if (closed) clearTimeout(timer);
      else retries.add(timer);
      return;
    }
    if (closed) server.close();
    else servers.add(server);
  }

  await Promise.all(proxiedPorts.map(listen));
  await requireAddress(hiddenAddress(instance.address));
  return {
    instance,
    worldChanged() {
      for (const [connection, from] of live) connection.setPaces(pacesFor(from));
    },
    close() {
      closed = true;
      for (const timer of retries) clearTimeout(timer);
      for (const server of servers) server.close();
    },
  };
}

/** Null: a process that is of no instance, such as an operator's tool. */
async function diallerOf(
  client: Socket,
  port: number,
  { instance, world, diallers }: FrontOptions,
): Promise<Spot | null> {
  const { remoteAddress: address = '', remotePort = 0 } = client;
  const bound = spotOfAddress(world(), address);
  if (bound !== null) return bound;
  const local = { address, port: remotePort };
  const root = await diallers.find({ local, remote: { address: instance.address, port } });
  const dialler = world().instances.find((one) => one.root === root);
  return dialler === undefined ? null : spotOfInstance(dialler);
}

function listening(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, host)));
    server.listen({ port, host, backlog: 1024 }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

/** etcd would only say so in its log. */
async function requireAddress(host: string): Promise<void> {
  const probe = createServer();
  await listening(probe, 0, host);
  probe.close();
}
