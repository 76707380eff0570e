/** Who reaches a home: programs of this machine, and nobody on any network. */
import type { IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';
import { Fault } from '#etcd/faults.ts';

/** Addresses of 127.0.0.0/8 never leave the machine (RFC 1122, section 3.2.1.3). */
export function isLoopback(address: string): boolean {
  return isIPv4(address) && address.startsWith('127.');
}

/**
 * @param what listens there, for the message
 * @throws Fault `InvalidInput` where it is any other address
 */
export function requireLoopback(address: string, what: string): void {
  if (isLoopback(address)) return;
  throw new Fault('InvalidInput', `${what} listens on a loopback address such as 127.0.0.1, not on ${address}`);
}

/**
 * Whether a page in a browser asks: by a name that was pointed here (DNS rebinding), or saying so itself, as browsers do.
 * What stands for AWS is for programs.
 * @param own `ADDRESS:PORT`
 */
export function isOfBrowser({ headers }: IncomingMessage, own: string): boolean {
  return headers.host !== own || headers.origin !== undefined || headers['sec-fetch-site'] !== undefined;
}
