import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startTimeOf } from '../../../../agent/machine/processes.ts';
import { killProcesses, processesOf } from '../../../../infra/local/ec2/processes.ts';

let folder: string;
let root: string;
const started: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'etcd-appliance-processes-'));
  root = join(folder, 'i-1');
  mkdirSync(root);
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function start(program: string, args: string[], env: Record<string, string>, cwd = folder): Promise<number> {
  const child = spawn(program, args, { cwd, env: { PATH: '/usr/bin:/bin', ...env }, stdio: 'ignore' });
  started.push(child);
  await once(child, 'spawn');
  return child.pid ?? 0;
}

test('ends what was started for an instance, and nothing of another one or of the operator', async () => {
  copyFileSync('/bin/sleep', join(root, 'etcd'));
  const loop = ['-e', 'setInterval(() => {}, 1000)'];
  const mine = [
    await start('sleep', ['1000'], { ETCD_AGENT_ROOT: root }),
    await start(join(root, 'etcd'), ['1000'], {}),
    await start(process.execPath, [...loop, '--', `--data-dir=${root}/var/lib/etcd/data`], {}),
  ];
  const others = [
    await start('sleep', ['1000'], { ETCD_AGENT_ROOT: `${root}0` }),
    await start('sleep', ['1000'], {}, root),
    await start(process.execPath, [...loop, '--', `${root}/var/log/etcd/etcd.log`], {}),
  ];
  expect(new Set(processesOf(root).map(({ pid }) => pid))).toEqual(new Set(mine));
  await killProcesses(root);
  expect(mine.map(startTimeOf)).toEqual([null, null, null]);
  expect(others.map(startTimeOf)).not.toContain(null);
});
