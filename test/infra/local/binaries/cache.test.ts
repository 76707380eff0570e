import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { isEtcd } from '../../../../infra/local/binaries/cache.ts';

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'cache-'));
});
afterEach(() => rmSync(cache, { recursive: true, force: true }));

function worker(name: string) {
  const script = join(import.meta.dirname, 'locked.ts');
  const env = { ...process.env, XDG_CACHE_HOME: cache };
  return spawn(process.execPath, [script, join(cache, 'notes'), name], { env, stdio: 'inherit' });
}

describe('the cache of binaries', () => {
  test('lets one process at a time work on the same', async () => {
    const names = ['a', 'b', 'c'];
    await Promise.all(names.map((name) => once(worker(name), 'exit')));
    const notes = readFileSync(join(cache, 'notes'), 'utf8').trim().split('\n');
    expect(notes).toHaveLength(6);
    for (let at = 0; at < 6; at += 2) expect(notes[at + 1]).toBe(notes[at]?.replace('begins', 'ends'));
    expect(readdirSync(join(cache, 'etcd-appliance/binaries'))).toEqual([]);
  });

  test('takes over from a process that died while it worked', async () => {
    mkdirSync(join(cache, 'etcd-appliance/binaries'), { recursive: true });
    // No process has ever begun at this time.
    writeFileSync(join(cache, 'etcd-appliance/binaries/.same.lock'), `${process.pid} 1\n`);
    expect(await once(worker('next'), 'exit')).toEqual([0, null]);
  });

  test('knows an etcd by what it says of itself', async () => {
    const file = join(cache, 'etcd');
    writeFileSync(file, '#!/bin/sh\necho etcd Version: 3.5.35\n', { mode: 0o755 });
    expect(await isEtcd(file, '3.5.35')).toBe(true);
    expect(await isEtcd(file, '3.5.3')).toBe(false);
    expect(await isEtcd(join(cache, 'absent'), '3.5.35')).toBe(false);
  });
});
