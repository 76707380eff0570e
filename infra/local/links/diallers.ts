/**
 * Who dials: the instance whose process has the other end of a connection. Processes of this machine dial from 127.0.0.1
 * whatever instance they belong to, so that the kernel is asked whose the socket is. Where there is no /proc (macOS),
 * nobody is known, and everybody counts as being where the target is: links then do nothing, but for those who bind an
 * address of their region.
 */
import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Found, ToSearch } from './diallerSearch.ts';
import type { Ends } from './procNet.ts';

export interface Diallers {
  /** The file systems of the instances. */
  setRoots(roots: readonly string[]): void;
  /** @returns root of the instance; null: of none, or it has gone */
  find(ends: Ends): Promise<string | null>;
  close(): Promise<void>;
}

export function createDiallers(): Diallers {
  if (!existsSync('/proc/net/tcp')) return { setRoots() {}, find: async () => null, close: async () => {} };
  const worker = new Worker(new URL('./diallerSearch.ts', import.meta.url));
  const waiting = new Map<number, (root: string | null) => void>();
  let last = 0;
  worker.on('message', ({ number, root }: Found) => {
    waiting.get(number)?.(root);
    waiting.delete(number);
  });
  const say = (message: ToSearch) => worker.postMessage(message);
  return {
    setRoots: (roots) => say({ kind: 'roots', roots }),
    find: (ends) =>
      new Promise((resolve) => {
        const number = ++last;
        waiting.set(number, resolve);
        say({ kind: 'find', number, ends });
      }),
    async close() {
      await worker.terminate();
    },
  };
}
