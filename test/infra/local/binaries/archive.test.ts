import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { releaseArchive } from '../../../../infra/local/binaries/archive.ts';

const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'archives-'));
  process.env.XDG_CACHE_HOME = join(folder, 'cache');
  process.env.ETCD_BINARIES = join(folder, 'binaries');
  mkdirSync(join(folder, 'binaries'));
});
afterEach(() => {
  delete process.env.XDG_CACHE_HOME;
  delete process.env.ETCD_BINARIES;
  rmSync(folder, { recursive: true, force: true });
});

/** Programs that say that they are this version. */
function provide(version: string, ...programs: readonly string[]): void {
  for (const program of programs)
    writeFileSync(join(folder, 'binaries', `${program}-${version}`), `#!/bin/sh\necho ${version}\n`, { mode: 0o755 });
}

const contentOf = (path: string) =>
  execFileSync('tar', ['-tzf', path], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .filter((name) => !name.endsWith('/'))
    .sort();

describe('the archive of a release', () => {
  test('is laid out like the official one, with its SHA-256', async () => {
    provide('3.4.15', 'etcd');
    const { path, sha256 } = await releaseArchive('3.4.15');
    expect(contentOf(path)).toEqual([`etcd-v3.4.15-linux-${arch}/etcd`]);
    expect(createHash('sha256').update(readFileSync(path)).digest('hex')).toBe(sha256);
  });

  test('has etcdutl from 3.5 on', async () => {
    provide('3.5.35', 'etcd', 'etcdutl');
    const { path } = await releaseArchive('3.5.35');
    expect(contentOf(path)).toEqual([`etcd-v3.5.35-linux-${arch}/etcd`, `etcd-v3.5.35-linux-${arch}/etcdutl`]);
  });

  test('is made once, also for two that ask at the same time', async () => {
    provide('3.5.35', 'etcd', 'etcdutl');
    const [one, two] = await Promise.all([releaseArchive('3.5.35'), releaseArchive('3.5.35')]);
    expect(two).toEqual(one);
    expect(await releaseArchive('3.5.35')).toEqual(one);
  });

  test('of a 3.0 that was built before its build was changed is made anew', async () => {
    provide('3.0.17', 'etcd');
    const binaries = join(folder, 'cache/etcd-appliance/binaries');
    mkdirSync(binaries, { recursive: true });
    const old = join(binaries, `etcd-v3.0.17-linux-${arch}.tar.gz`);
    for (const file of [old, join(binaries, 'etcd-3.0.17')]) writeFileSync(file, 'old');
    writeFileSync(`${old}.sha256`, `${'0'.repeat(64)}\n`);
    const { path } = await releaseArchive('3.0.17');
    expect(path).not.toBe(old);
    const content = execFileSync('tar', ['-xzOf', path, `etcd-v3.0.17-linux-${arch}/etcd`], { encoding: 'utf8' });
    expect(content).toContain('echo 3.0.17');
    expect(readFileSync(join(binaries, 'etcd-3.0.17+2'), 'utf8')).toBe(content);
  });

  test('that was made without etcdutl is not taken for one that has it', async () => {
    provide('3.5.35', 'etcd', 'etcdutl');
    const binaries = join(folder, 'cache/etcd-appliance/binaries');
    mkdirSync(binaries, { recursive: true });
    const old = join(binaries, `etcd-v3.5.35-linux-${arch}.tar.gz`);
    writeFileSync(old, 'old');
    writeFileSync(`${old}.sha256`, `${'0'.repeat(64)}\n`);
    const { path } = await releaseArchive('3.5.35');
    expect(path).not.toBe(old);
    expect(contentOf(path)).toHaveLength(2);
  });
});
