import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { minorOf, minors } from '#etcd/versions.ts';
import { buildable } from '../../../../infra/local/binaries/build.ts';
import { barText } from '../../../../infra/local/binaries/progress.ts';

function etcd(...args: string[]) {
  const command = join(import.meta.dirname, '../../../../infra/local/binaries/command.ts');
  return spawnSync(process.execPath, [command, ...args], { encoding: 'utf8' });
}

describe('npm run etcd', () => {
  test('lists what is known', () => {
    const { status, stdout } = etcd('--list');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^3\.5\.35\s+(here)?\s+build$/m);
    expect(stdout).toMatch(/^3\.6\.14\s.*official release/m);
  });

  test('explains itself', () => {
    expect(etcd('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('npm run etcd -- --list') });
    expect(etcd()).toMatchObject({ status: 2, stdout: expect.stringContaining('npm run etcd -- --list') });
  });

  test.each([['3.5'], ['v3.5.35'], ['3.9.0'], ['1.0.0'], ['latest'], ['--versions']])('refuses %s', (version) => {
    expect(etcd('3.5.35', version)).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining(`not an etcd version: ${version}; allowed: X.Y.Z of a minor from 2.0 to 3.7`),
    });
  });

  test('says all that was tried where a version is to be had nowhere', () => {
    const { status, stderr } = etcd('3.5.998');
    expect(status).toBe(1);
    expect(stderr).toContain('etcd 3.5.998');
    expect(stderr).toContain('there is no recipe for it');
  });

  test('has a recipe for the newest patch of every minor', () => {
    expect([...new Set(buildable().map(minorOf))].sort()).toEqual([...minors].sort());
  });
});

describe('a progress bar', () => {
  test.each([
    [0, '[........................]'],
    [0.5, '[############............]'],
    [1, '[########################]'],
    [7, '[########################]'],
    [-1, '[........................]'],
  ])('at %d is %s', (fraction, bar) => {
    expect(barText({ task: 'etcd 3.5.35', detail: 'building', fraction }, 0)).toBe(`etcd 3.5.35 ${bar} building`);
  });

  test('that nobody can tell the end of keeps its width while its block wanders', () => {
    const bars = Array.from({ length: 100 }, (_, at) => barText({ task: 't', detail: 'd', fraction: null }, at * 150));
    expect(new Set(bars.map(({ length }) => length)).size).toBe(1);
    expect(new Set(bars).size).toBe(22);
  });
});
