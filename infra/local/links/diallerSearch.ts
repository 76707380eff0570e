/**
 * The thread that finds out which instance's process has a socket: its inode from /proc/net/tcp, then the descriptors of
 * each instance's processes. A search takes some 10 ms of this thread, most of it for the kernel's table, whatever the
 * number of sockets that it looks for.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { rootOf } from '../ec2/processes.ts';
import { type Ends, inodeOf, inodeOfDescriptor } from './procNet.ts';

export type ToSearch =
  | { readonly kind: 'roots'; readonly roots: readonly string[] }
  | { readonly kind: 'find'; readonly number: number; readonly ends: Ends };

/** @param root of the instance; null: of none, or nobody knows */
export interface Found {
  readonly number: number;
  readonly root: string | null;
}

let roots: readonly string[] = [];
/** By pid; null: of no instance. */
let owners = new Map<number, string | null>();
let asked: { readonly number: number; readonly ends: Ends }[] = [];

parentPort?.on('message', (message: ToSearch) => {
  if (message.kind === 'roots') {
    if (message.roots.join('\n') !== roots.join('\n')) owners.clear();
    roots = message.roots;
    return;
  }
  // All that came meanwhile is looked for together.
  if (asked.length === 0) setImmediate(search);
  asked.push(message);
});

function search(): void {
  const wanted = new Map<string, number>();
  const table = readFileSync('/proc/net/tcp', 'latin1');
  for (const { number, ends } of asked) {
    const inode = inodeOf(table, ends);
    if (inode === null) answer(number, null);
    else wanted.set(inode, number);
  }
  asked = [];
  lookThrough(wanted);
  // A process that was just forked is told by what it runs now.
  if (wanted.size > 0) {
    owners.clear();
    lookThrough(wanted);
  }
  for (const number of wanted.values()) answer(number, null);
}

/** Answers for what it finds, and takes that out. */
function lookThrough(wanted: Map<string, number>): void {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  owners = new Map(pids.map((pid) => [pid, ownerOf(pid)]));
  for (const [pid, root] of owners) {
    if (wanted.size === 0) return;
    if (root === null) continue;
    for (const inode of socketsOf(pid)) {
      const number = wanted.get(inode);
      if (number === undefined) continue;
      wanted.delete(inode);
      answer(number, root);
    }
  }
}

function ownerOf(pid: number): string | null {
  const known = owners.get(pid);
  return known === undefined ? rootOf(pid, roots) : known;
}

function* socketsOf(pid: number): Iterable<string> {
  const folder = `/proc/${pid}/fd`;
  for (const descriptor of entries(folder)) {
    try {
      const inode = inodeOfDescriptor(readlinkSync(`${folder}/${descriptor}`));
      if (inode !== null) yield inode;
    } catch {
      // Closed since.
    }
  }
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function answer(number: number, root: string | null): void {
  parentPort?.postMessage({ number, root } satisfies Found);
}
