/** `npm run rehearse` as an operator types it, with real etcd. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';

jest.setTimeout(300_000);

const command = join(import.meta.dirname, '../../infra/local/rehearse/command.ts');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'etcd-rehearse-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Said {
  readonly code: number | null;
  readonly text: string;
}

/** Its homes are made in the test's folder. */
async function rehearse(
  args: readonly string[],
  during: (text: string, stop: () => void) => void = () => {},
): Promise<Said> {
  const child = spawn(process.execPath, [command, ...args], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      during(text, () => child.kill('SIGINT'));
    });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, text };
}

const homes = () => readdirSync(folder).filter((name) => name.startsWith('etcd-rehearsal-'));

test('an upgrade is rehearsed under load, its report is one file with everything in it, and nothing else stays', async () => {
  const report = join(folder, 'reports', 'rehearsal.html');
  const { code, text } = await rehearse([
    ...['--from', '3.5.31', '--to', '3.5.35', '--members', '3', '--every', '20', '--report', report],
  ]);
  expect([code, text]).toEqual([0, expect.stringContaining('Upgraded 3 members from 3.5.31 to 3.5.35')]);
  expect(text).toContain('Plan: cluster etcd from 3.5.31 to 3.5.35 in 1 hop');
  expect(text).toMatch(/, 0 of \d{3,} acknowledged writes lost/);
  expect(text).toContain(`Report: ${report}`);
  const page = readFileSync(report, 'utf8');
  for (const part of ['availability', 'gaps', 'members', 'hops', 'comparison', 'plan', 'method'])
    expect(page).toContain(`<section id="${part}">`);
  expect(page.match(/<svg /g)).toHaveLength(3);
  expect(page.match(/i-[0-9a-f]{17}: [\d,]+ ms/g)).toHaveLength(3);
  expect(page).toContain('The old procedure, emulated');
  expect(page).toContain('18 min 0 s of it added by calculation');
  expect(page).not.toMatch(/<script|https?:\/\/|src=/);
  expect(page.trimEnd()).toMatch(/<\/html>$/);
  expect(homes()).toEqual([]);
});

test('what is interrupted leaves nothing behind', async () => {
  const args = ['--from', '3.5.31', '--to', '3.5.35', '--members', '1', '--report', join(folder, 'r.html')];
  const { code } = await rehearse(args, (text, stop) => {
    if (text.includes('Wait until every member is healthy')) stop();
  });
  expect(code).toBe(130);
  expect(homes()).toEqual([]);
});

test('bad options are refused with exit code 2 before anything is made', async () => {
  const { code, text } = await rehearse(['--from', '3.5.31', '--to', '3.5.30']);
  expect([code, text]).toEqual([2, expect.stringContaining("--to is '3.5.30'; allowed: a release later")]);
  expect(readdirSync(folder)).toEqual([]);
});
