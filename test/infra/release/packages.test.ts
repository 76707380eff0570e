/** What is installed, and what may run while it is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const project = join(import.meta.dirname, '../../..');
const textOf = (file: string) => readFileSync(join(project, file), 'utf8');

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly inBundle?: boolean;
  readonly hasInstallScript?: boolean;
}
const { packages } = JSON.parse(textOf('package-lock.json')) as { packages: Record<string, Locked> };
const installed = Object.entries(packages).filter(([path]) => path !== '');

describe('the lockfile', () => {
  test('has an exact version and a SHA-512 of every package, but for what comes inside another', () => {
    for (const [path, { version, integrity, inBundle }] of installed) {
      expect([path, version]).toEqual([path, expect.stringMatching(/^\d+\.\d+\.\d+(-[\w.]+)?(\+[\w.]+)?$/)]);
      if (inBundle !== true) expect([path, integrity]).toEqual([path, expect.stringMatching(/^sha512-/)]);
    }
  });

  test('takes packages from a registry alone', () => {
    const elsewhere = installed.filter(([, { resolved }]) => resolved !== undefined && !/^https:\/\//.test(resolved));
    expect(elsewhere.map(([path]) => path)).toEqual([]);
  });
});

describe('install scripts', () => {
  const allowed = /^const withScripts = \[(.*)\];$/m.exec(textOf('infra/install.mjs'))?.[1] ?? '';

  test('run for one package, and not by themselves', () => {
    expect(allowed).toBe("'node'");
    expect(textOf('.npmrc')).toMatch(/^ignore-scripts=true$/m);
  });

  test('are known: each package that has one is named where it is said why it does not run', () => {
    const text = textOf('infra/install.mjs');
    const having = installed.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path);
    expect(having.length).toBeGreaterThan(0);
    for (const path of having)
      expect(text).toContain(path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length));
  });

  test('are not what a script of this project waits for', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    expect(
      Object.keys(scripts).filter((name) => /^(pre|post)/.test(name) && scripts[name.replace(/^(pre|post)/, '')]),
    ).toEqual([]);
  });
});
