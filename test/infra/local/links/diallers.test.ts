import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { echo, instanceIn, openPlace, type Place, regions, serve } from './place.ts';

/** Dials again and again, and prints the milliseconds of each exchange: set up, sent and answered. */
const program = `
const { connect } = require('node:net');
const [host, port] = process.argv.slice(1);
(function again() {
  const began = performance.now();
  const socket = connect(Number(port), host, () => socket.write('x'));
  socket.on('error', () => setTimeout(again, 50));
  socket.once('data', () => {
    console.log(performance.now() - began);
    socket.destroy();
    setTimeout(again, 10);
  });
})();
`;

const folder = mkdtempSync(join(tmpdir(), 'diallers-'));
const here = instanceIn(0, 30, join(folder, 'here'));
const there = instanceIn(1, 30, join(folder, 'there'));
const port = 2380;
const children: ChildProcess[] = [];
let place: Place;
let server: Server;

beforeAll(async () => {
  place = openPlace();
  server = await serve(there, port, echo);
  await place.links.open(here);
  await place.links.open(there);
  await place.links.set({ from: regions[0], to: regions[1], delayMs: 300 });
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

afterAll(async () => {
  await place.links.stop();
  server.close();
  rmSync(folder, { recursive: true });
});

/** Milliseconds of exchanges of a process that was started so. */
async function exchanges(env: NodeJS.ProcessEnv, args: readonly string[], count: number): Promise<readonly number[]> {
  const child = spawn(process.execPath, ['-e', program, there.address, String(port), ...args], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  let text = '';
  child.stdout.on('data', (bytes: Buffer) => {
    text += bytes.toString();
  });
  while (text.split('\n').length <= count) await sleep(10);
  return text.split('\n').slice(0, count).map(Number);
}

describe('who dials from 127.0.0.1', () => {
  test('is told by the instance whose agent it is', async () => {
    // Set up and sent: twice the way there.
    for (const ms of await exchanges({ ETCD_AGENT_ROOT: here.root }, [], 3)) expect(ms).toBeGreaterThanOrEqual(600);
  });

  test('is told by the instance whose etcd it is', async () => {
    for (const ms of await exchanges({}, [`--data-dir=${here.root}/var/lib/etcd/data`], 3))
      expect(ms).toBeGreaterThanOrEqual(600);
  });

  test.each([
    ['of the target itself', { ETCD_AGENT_ROOT: there.root }],
    ['of no instance', {}],
  ])('is near, where it is a process %s', async (_, env) => {
    const all = await exchanges(env, [], 20);
    expect(Math.min(...all)).toBeLessThan(300);
  });
});
