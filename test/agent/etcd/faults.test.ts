import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Fault, faults, isFaultName } from '#etcd/faults.ts';

const project = join(import.meta.dirname, '../../..');
const sources = ['agent', 'tasks', 'workflows', 'infra']
  .flatMap((folder) =>
    readdirSync(join(project, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  )
  .filter((file) => file.endsWith('.ts') && file !== 'agent/etcd/faults.ts')
  .map((file) => readFileSync(join(project, file), 'utf8'))
  .join('\n');
const headings = readFileSync(join(project, 'docs/runbook.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('## '))
  .map((line) => line.slice(3).toLowerCase().replaceAll(' ', '-'));

describe('a fault', () => {
  test.each(Object.entries(faults))(
    '%s is explained in the runbook and thrown somewhere',
    (name, { meaning, runbook }) => {
      expect(meaning).toMatch(/^(etcd|[A-Z]).*\.$/);
      expect(headings).toContain(runbook);
      expect(sources.includes(`'${name}'`)).toBe(true);
    },
  );

  test('is told by its literal name and points to the runbook', () => {
    const fault = new Fault('LockHeld', 'another has it', { cause: 'why' });
    expect(fault).toMatchObject({
      name: 'LockHeld',
      message: 'another has it (runbook: docs/runbook.md#lock-held)',
      cause: 'why',
    });
    expect(fault).toBeInstanceOf(Error);
  });

  test('that tells of others names one heading of the runbook: its own', () => {
    const refusal = new Fault('LockHeld', 'another has it');
    const { message } = new Fault('PreflightFailed', `a: ${refusal.message}; b: ${refusal.message}`);
    expect(message).toBe('a: another has it; b: another has it (runbook: docs/runbook.md#preflight-failed)');
  });

  test.each(['Error', 'toString', '__proto__', 'lockHeld', ''])('%j is none', (name) =>
    expect(isFaultName(name)).toBe(false),
  );

  test('has one heading each, and every heading that the sources name is there', () => {
    expect(new Set(headings).size).toBe(headings.length);
    const named = [...sources.matchAll(/docs\/runbook\.md#([a-z-]+)/g)].map(([, slug]) => slug);
    expect(named.filter((slug) => slug !== undefined && !headings.includes(slug))).toEqual([]);
  });
});
