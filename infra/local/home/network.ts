/**
 * The loopback addresses of a home: one /24 `127.A.B` per region, so that several run side by side with production ports.
 * Found by the name of the region's folder, moved on where another home has it, and remembered.
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import type { DatabaseSync } from 'node:sqlite';

/** Port of the AWS endpoint, on host 1 of the first region's network. */
export const endpointPort = 4566;

/** @throws Error where this machine has no loopback aliases, saying what to type. */
export async function chooseNetwork(database: DatabaseSync, folder: string): Promise<string> {
  database.exec('CREATE TABLE IF NOT EXISTS home_settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)');
  const row = database.prepare("SELECT value FROM home_settings WHERE name = 'network'").get();
  if (row !== undefined) return String(row.value);
  const digest = createHash('sha256').update(folder).digest();
  const first = digest.readUInt16BE(0);
  for (let step = 0; step < 200; step++) {
    const network = networkOf(first + step);
    if (!(await isFree(`${network}.1`))) continue;
    database.prepare("INSERT INTO home_settings VALUES ('network', ?)").run(network);
    return network;
  }
  throw new Error('no free loopback network was found in 200 tries; are so many homes running?');
}

/**
 * Takes a network that has no AWS endpoint, so that no other home chooses it: whoever connects there is sent away.
 * @returns what gives it free again
 * @throws Error where somebody else has it
 */
export async function holdNetwork(network: string): Promise<() => Promise<void>> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, `${network}.1`)));
    server.listen(endpointPort, `${network}.1`, resolve);
  });
  return () => new Promise((resolve) => server.close(() => resolve()));
}

/** 127.0 is left to everybody else, and the upper half to what stands behind the addresses of the lower one (links/world.ts). */
function networkOf(number: number): string {
  const wrapped = number % (126 * 256);
  return `127.${1 + Math.floor(wrapped / 256)}.${wrapped % 256}`;
}

function isFree(host: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(explain(error, host));
    });
    probe.listen(endpointPort, host, () => probe.close(() => resolve(true)));
  });
}

/** Says what to type where an error is that this machine does not have the address; any other as it is. */
export function explain(error: NodeJS.ErrnoException, host: string): Error {
  if (error.code !== 'EADDRNOTAVAIL') return error;
  const network = host.slice(0, host.lastIndexOf('.'));
  const command = `for host in 1 $(seq 10 20); do sudo ifconfig lo0 alias ${network}.$host up; done`;
  return new Error(
    `this machine has no loopback address ${host}. On macOS they are added until the next boot with: ${command}`,
  );
}
