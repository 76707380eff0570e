/** /proc/net/tcp as text (Linux: Documentation/networking/proc_net_tcp.rst). Pure. */

export interface Endpoint {
  /** IPv4 */
  readonly address: string;
  readonly port: number;
}

/** A socket of this machine, by both of its ends. */
export interface Ends {
  readonly local: Endpoint;
  readonly remote: Endpoint;
}

/** Inode of the socket with these ends; null where there is none, or no process has it any more. */
export function inodeOf(table: string, { local, remote }: Ends): string | null {
  const at = table.indexOf(` ${hexOf(local)} ${hexOf(remote)} `);
  if (at === -1) return null;
  // local, remote, state, queues, timer, retransmits, uid, timeout, inode
  const inode = table.slice(at + 1, at + 200).split(/\s+/, 9)[8];
  return inode === undefined || inode === '0' ? null : inode;
}

/**
 * The four bytes are printed as one number of this machine's byte order, which is little-endian wherever Node runs on Linux
 * but s390x.
 */
function hexOf({ address, port }: Endpoint): string {
  const bytes = address.split('.').map((byte) => hex(Number(byte), 2));
  return `${bytes.reverse().join('')}:${hex(port, 4)}`;
}

function hex(number: number, digits: number): string {
  return number.toString(16).toUpperCase().padStart(digits, '0');
}

/** Inode of `socket:[12345]`, what a descriptor of a socket links to; null of any other. */
export function inodeOfDescriptor(target: string): string | null {
  return target.startsWith('socket:[') ? target.slice('socket:['.length, -1) : null;
}
