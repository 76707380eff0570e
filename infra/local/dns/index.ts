/**
 * The DNS server of a home's region, as the resolver of a VPC there: answers authoritatively for the zones of the home's Route 53,
 * over UDP and TCP, and refuses every other name. Of records with latency routing it has those of its own region; no other
 * region is nearer than the rest. What it does not do: recursion, delegation below a zone, wildcards, compression of names,
 * DNSSEC, zone transfers.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { requireLoopback } from '../loopback.ts';
import type { ServedZone } from './answer.ts';
import { answerBytes } from './message.ts';

export interface DnsServerOptions {
  /** Loopback addresses in order of preference, any other is refused; the later ones for machines that lack the first. */
  readonly addresses: readonly string[];
  /** Ports in order of preference; 0 is any that is free. */
  readonly ports?: readonly number[];
  /** Asked anew for each query. */
  readonly zones: () => readonly ServedZone[];
  /** `eu-west-1` */
  readonly region: string;
  /** One line for the home's log. */
  readonly log: (line: string) => void;
}

export interface DnsServer {
  readonly address: string;
  /** 53 where this process may listen on it. */
  readonly port: number;
  close(): Promise<void>;
}

/** DNS's own, then multicast DNS's, which tools know too, then any. Below 1024 is root's, unless the system says otherwise. */
const usualPorts = [53, 5353, 0];
/** A connection on which nothing is asked, in milliseconds. */
const idleMs = 10_000;

/** @throws Error where it may listen nowhere. */
export async function startDns({
  addresses,
  ports = usualPorts,
  zones,
  region,
  log,
}: DnsServerOptions): Promise<DnsServer> {
  const answer = (message: Buffer, transport: 'udp' | 'tcp') => {
    try {
      return answerBytes(message, { zones: zones(), region }, transport);
    } catch (error) {
      log(`dns: ${(error as Error).stack ?? error}`);
      return null;
    }
  };
  const refusals: string[] = [];
  for (const address of addresses) {
    for (const port of ports) {
      try {
        const server = await listen(address, port, answer);
        if (server.port !== 53) log(`dns: listens on ${address}:${server.port}; ${refusals.join('; ')}`);
        return server;
      } catch (error) {
        refusals.push((error as Error).message);
      }
    }
  }
  throw new Error(`the DNS server may listen nowhere: ${refusals.join('; ')}`);
}

type Answering = (message: Buffer, transport: 'udp' | 'tcp') => Buffer | null;

async function listen(address: string, wanted: number, answer: Answering): Promise<DnsServer> {
  requireLoopback(address, 'the DNS server');
  const udp = await openUdp(address, wanted, answer);
  const { port } = udp.address();
  const connections = new Set<Socket>();
  const tcp = await openTcp(address, port, answer, connections).catch((error: Error) => {
    udp.close();
    throw error;
  });
  return {
    address,
    port,
    async close() {
      for (const connection of connections) connection.destroy();
      await Promise.all([
        new Promise<void>((resolve) => udp.close(() => resolve())),
        new Promise<void>((resolve) => tcp.close(() => resolve())),
      ]);
    },
  };
}

function openUdp(address: string, port: number, answer: Answering): Promise<UdpSocket> {
  const socket = createSocket('udp4');
  socket.on('message', (message, { address: to, port: toPort }) => {
    const bytes = answer(message, 'udp');
    // A client that is gone does not wait for it.
    if (bytes !== null) socket.send(bytes, toPort, to, () => undefined);
  });
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind({ address, port, exclusive: true }, () => {
      socket.removeAllListeners('error').on('error', () => undefined);
      resolve(socket);
    });
  });
}

function openTcp(address: string, port: number, answer: Answering, connections: Set<Socket>): Promise<Server> {
  const server = createServer((connection) => {
    connections.add(connection);
    connection.once('close', () => connections.delete(connection));
    connection.on('error', () => connection.destroy());
    connection.setTimeout(idleMs, () => connection.destroy());
    let held: Buffer = Buffer.alloc(0);
    connection.on('data', (piece) => {
      held = Buffer.concat([held, piece]);
      // Each message comes with its length before it.
      while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
        const end = 2 + held.readUInt16BE(0);
        const bytes = answer(held.subarray(2, end), 'tcp');
        held = held.subarray(end);
        if (bytes === null) return connection.destroy();
        const length = Buffer.alloc(2);
        length.writeUInt16BE(bytes.length);
        connection.write(Buffer.concat([length, bytes]));
      }
      return undefined;
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port, exclusive: true }, () => {
      server.removeAllListeners('error').on('error', () => undefined);
      resolve(server);
    });
  });
}
