/** Two regions of a home on loopback addresses of this test process alone, with links between them. */
import { EventEmitter, once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { createLinks, type HomeLinks } from '../../../../infra/local/links/index.ts';
import { hiddenAddress, type ProxiedInstance } from '../../../../infra/local/links/world.ts';
import { ownAddress } from '../../../loopback.ts';

export const regions = ['eu-west-1', 'eu-central-1'] as const;
const [a, b] = ownAddress(0).split('.').slice(1, 3).map(Number);
export const networks = [`127.${a}.${b}`, `127.${a}.${(b ?? 0) ^ 128}`] as const;

export interface Place {
  readonly links: HomeLinks;
  readonly events: EventEmitter;
  readonly logged: string[];
}

export function openPlace(database = new DatabaseSync(':memory:')): Place {
  const logged: string[] = [];
  const events = new EventEmitter();
  const links = createLinks({ database, events, log: (line) => void logged.push(line) });
  regions.forEach((region, i) => {
    links.addRegion(region, networks[i] ?? '');
  });
  return { links, events, logged };
}

/** @param region index of it */
export function instanceIn(region: 0 | 1, host: number, root = '/nowhere'): ProxiedInstance {
  return {
    instanceId: `i-${region}-${host}`,
    address: `${networks[region]}.${host}`,
    zone: `${regions[region]}a`,
    root,
  };
}

/** A server where the etcd of an instance would listen. */
export async function serve(
  instance: ProxiedInstance,
  port: number,
  accept: (socket: Socket) => void,
): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    accept(socket);
  });
  server.listen(port, hiddenAddress(instance.address));
  await once(server, 'listening');
  return server;
}

/** Answers with what it is sent. */
export const echo = (socket: Socket) => void socket.pipe(socket);

/** A connection from a tool in a region, which binds an address there. */
export function dialFrom(region: 0 | 1, { address }: ProxiedInstance, port: number): Socket {
  const socket = connect({ host: address, port, localAddress: `${networks[region]}.5`, allowHalfOpen: true });
  socket.setNoDelay();
  socket.on('error', () => {});
  return socket;
}

/** Everything that the other end sends until it is through. @throws Error where it is reset */
export async function received(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** As many bytes as text has, whatever they are. */
export async function answerTo(socket: Socket, text: string): Promise<string> {
  let answer = '';
  const arrived = new Promise<void>((resolve, reject) => {
    const hear = (bytes: Buffer) => {
      answer += bytes.toString();
      if (answer.length < text.length) return;
      socket.off('data', hear);
      resolve();
    };
    socket.on('data', hear);
    socket.once('close', () => reject(new Error('closed')));
  });
  socket.write(text);
  await arrived;
  return answer;
}
