/**
 * Data volumes of a size of their own: file systems in memory, mounted where an instance has its data volume. Whatever becomes
 * of this process, they are unmounted: what mounted them waits for the end of its input and has no other purpose.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LastingFault } from './instanceFaults.ts';

export interface DataVolume {
  /** Takes all the room that is left; its end gives it back. */
  fill(): LastingFault;
  /** At once, also under processes that use it. */
  unmount(): Promise<void>;
}

/** Why no file system can be mounted here; null where one can. */
export function whyNoDataVolumes(): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'volume-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', folder], { stdio: 'pipe' });
    execFileSync('umount', [folder], { stdio: 'pipe' });
    return null;
  } catch (error) {
    return `no file system can be mounted here (as root it can): ${(error as Error).message.trim()}`;
  } finally {
    rmdirSync(folder);
  }
}

/** @param root of the instance, before its first boot */
export async function mountDataVolume(root: string, mebibytes: number): Promise<DataVolume> {
  const folder = join(root, 'var/lib/etcd');
  mkdirSync(folder, { recursive: true });
  const script = `mount -t tmpfs -o size=${mebibytes}m,mode=700 tmpfs "$0" && echo mounted && cat > /dev/null; umount -l "$0"`;
  const keeper = spawn('sh', ['-c', script, folder], { detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(keeper, 'exit');
  await Promise.race([once(keeper.stdout, 'data'), ended]);
  if (keeper.exitCode !== null) throw new Error(`${folder} could not be mounted`);
  const filler = join(folder, 'filler');
  return {
    fill() {
      takeAll(filler);
      return { end: () => rmSync(filler, { force: true }) };
    },
    async unmount() {
      keeper.stdin.end();
      await ended;
    },
  };
}

/** To the last byte: whatever is written next finds no room. */
function takeAll(file: string): void {
  const opened = openSync(file, 'a');
  const block = Buffer.alloc(1024 * 1024);
  try {
    for (let size = block.length; size >= 1; ) {
      try {
        writeSync(opened, block, 0, size);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        size = Math.floor(size / 2);
      }
    }
  } finally {
    closeSync(opened);
  }
}
