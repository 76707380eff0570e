import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { argumentsOf, endProcess, processOf, startTimeOf } from '../../../agent/machine/processes.ts';
import { eventually } from '../../cluster/cluster.ts';

test('a process is known by its arguments', async () => {
  // It waits for its standard input; an empty argument counts as one.
  const child = spawn('sh', ['-c', 'read line', '']);
  // Between fork and exec it has none, or its parent's.
  await eventually('its arguments', async () => argumentsOf(child.pid ?? 0)[1] === 'read line', 4000);
  expect(argumentsOf(child.pid ?? 0)).toEqual(['-c', 'read line', '']);
  child.kill();
  expect(argumentsOf(2 ** 30)).toEqual([]);
});

describe('pid files', () => {
  test('name a process only while it is the one that wrote them', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pid-'));
    const file = join(folder, 'etcd.pid');
    const startTime = startTimeOf(process.pid);
    for (const [content, pid] of [
      [`${process.pid} ${startTime}\n`, process.pid],
      [`${process.pid} ${Number(startTime) + 1}\n`, undefined],
      [`${process.pid}`, undefined],
      ['1 1', undefined],
      ['', undefined],
    ] as const) {
      writeFileSync(file, content);
      expect(processOf(file)?.pid).toBe(pid);
    }
    rmSync(folder, { recursive: true });
    expect(processOf(file)).toBeNull();
  });

  test('a process that ignores SIGTERM is killed after its grace', async () => {
    const child = spawn(process.execPath, [
      '-e',
      "process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)",
    ]);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const pid = child.pid ?? 0;
    const ended = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
    await endProcess({ pid, startTime: startTimeOf(pid) ?? '' }, 100);
    expect(await ended).toBe('SIGKILL');
  });
});
