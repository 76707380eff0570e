/** Addresses of 127.0.0.0/8 for tests, those of other interfaces, and who listens where. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';

/** One that only this test process uses, with etcd's own ports on it. */
export function ownAddress(host: number): string {
  return `127.${1 + (process.pid % 253)}.${1 + (Math.floor(process.pid / 253) % 253)}.${200 + host}`;
}

/** Addresses of this machine's other interfaces; none where it has no network. */
export function otherAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, scopeid }) => !internal && !scopeid)
    .map(({ address }) => address);
}

/** Whether somebody listens there. */
export function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** `ADDRESS:PORT` of every socket that this process listens on, TCP and UDP, as Linux tells (proc_net_tcp). */
export function listening(): string[] {
  const own = new Set(readdirSync('/proc/self/fd').map(socketOf));
  return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((protocol) => {
    const lines = readFileSync(`/proc/self/net/${protocol}`, 'utf8').trim().split('\n').slice(1);
    const fields = lines.map((line) => line.trim().split(/\s+/));
    // State 0A listens; a UDP socket without a peer is in 07.
    return fields
      .filter(([, , , state, , , , , , inode]) => own.has(inode) && /^0[A7]$/.test(state ?? ''))
      .map(addressOf);
  });
}

/** Inode of the socket behind a file descriptor. */
function socketOf(descriptor: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${descriptor}`))?.[1];
  } catch {
    return undefined; // that of the folder itself, which is closed by now
  }
}

/** The kernel prints the four bytes of an IPv4 address as one number of this machine's byte order. */
function addressOf([, local = '']: readonly string[]): string {
  const [address = '', port = ''] = local.split(':');
  if (address.length > 8) return `[${address}]:${Number.parseInt(port, 16)}`;
  return `${[...Buffer.from(address, 'hex')].reverse().join('.')}:${Number.parseInt(port, 16)}`;
}
