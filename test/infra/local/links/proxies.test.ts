import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startTimeOf } from '../../../../agent/machine/processes.ts';
import { answerTo, dialFrom, echo, instanceIn, openPlace, type Place, received, regions, serve } from './place.ts';

const port = 2379;
const [home, away] = regions;
const target = instanceIn(1, 20);
let place: Place;
let server: Server;
let sockets: Socket[];
const accepted: Socket[] = [];

beforeEach(async () => {
  place = openPlace();
  sockets = [];
  accepted.length = 0;
  server = await serve(target, port, (socket) => {
    accepted.push(socket);
    echo(socket);
  });
  await place.links.open(target);
});

afterEach(async () => {
  for (const socket of [...sockets, ...accepted]) socket.destroy();
  await place.links.stop();
  await new Promise((resolve) => server.close(resolve));
});

function dial(from: 0 | 1 = 0): Socket {
  const socket = dialFrom(from, target, port);
  sockets.push(socket);
  return socket;
}

const both = async (change: { delayMs?: number; jitterMs?: number; cut?: boolean }) => {
  await place.links.set({ from: home, to: away, ...change });
  await place.links.set({ from: away, to: home, ...change });
};

/** Milliseconds of one exchange. */
async function roundTrip(socket: Socket): Promise<number> {
  const began = performance.now();
  expect(await answerTo(socket, 'ping')).toBe('ping');
  return performance.now() - began;
}

describe('a connection from region to region', () => {
  test('takes the delay of both ways for an answer, and both once more to be set up', async () => {
    await place.links.set({ from: home, to: away, delayMs: 40 });
    await place.links.set({ from: away, to: home, delayMs: 60 });
    const socket = dial();
    expect(await roundTrip(socket)).toBeGreaterThanOrEqual(200);
    expect(await roundTrip(socket)).toBeGreaterThanOrEqual(100);
  });

  test('takes a new delay at once', async () => {
    await both({ delayMs: 60_000 });
    const socket = dial();
    const answer = answerTo(socket, 'ping');
    await place.links.reset();
    expect(await answer).toBe('ping');
    await both({ delayMs: 50 });
    expect(await roundTrip(socket)).toBeGreaterThanOrEqual(100);
  });

  test('keeps the order and every byte under jitter, in both directions at once', async () => {
    await both({ delayMs: 1, jitterMs: 20 });
    const socket = dial();
    const sent = Array.from({ length: 500 }, () => randomBytes(1 + Math.floor(Math.random() * 3000)));
    const answer = received(socket);
    for (const [i, chunk] of sent.entries()) {
      socket.write(chunk);
      if (i % 10 === 0) await sleep(1);
    }
    socket.end();
    expect((await answer).equals(Buffer.concat(sent))).toBe(true);
  });

  test('carries thousands of small messages a second without falling behind', async () => {
    await both({ delayMs: 40 });
    const socket = dial();
    await roundTrip(socket);
    const total = 6_000;
    let heard = 0;
    let mostOnTheWay = 0;
    let sent = 0;
    socket.on('data', (bytes: Buffer) => {
      heard += bytes.length / 8;
    });
    const began = performance.now();
    while (sent < total) {
      const dueNow = Math.min(total, Math.floor((performance.now() - began) * 2) + 1);
      for (; sent < dueNow; sent++) socket.write(String(sent).padStart(8));
      mostOnTheWay = Math.max(mostOnTheWay, sent - heard);
      await sleep(1);
    }
    while (heard < total) await sleep(5);
    // 80 ms of 2,000 a second are 160; a lag that grows would have them all on the way by the end.
    expect(mostOnTheWay).toBeLessThan(total / 2);
  });

  test('makes a sender wait whose receiver does not read, and loses nothing of it', async () => {
    await both({ delayMs: 5 });
    server.removeAllListeners('connection');
    server.on('connection', (socket) => {
      accepted.push(socket);
      socket.pause();
    });
    const socket = dial();
    // Far more than the proxy and the kernel's buffers take.
    const total = 64 * 1024 * 1024;
    const chunk = Buffer.alloc(1024 * 1024, 7);
    for (let sent = 0; sent < total; sent += chunk.length) socket.write(chunk);
    socket.end();
    for (let quiet = 0, before = -1; quiet < 10; before = socket.writableLength) {
      await sleep(50);
      quiet = socket.writableLength === before ? quiet + 1 : 0;
    }
    expect(socket.writableLength).toBeGreaterThan(total / 2);
    const receiver = accepted[0] as Socket;
    expect((await received(receiver)).equals(Buffer.alloc(total, 7))).toBe(true);
  });

  test('is half closed as TCP does it', async () => {
    await both({ delayMs: 20 });
    server.removeAllListeners('connection');
    server.on('connection', async (socket) => {
      accepted.push(socket);
      const question = await received(socket);
      socket.end(`heard ${question}`);
    });
    const socket = dial();
    socket.end('all of it');
    expect(String(await received(socket))).toBe('heard all of it');
  });

  test('is reset for who dials a port where nobody listens, after a round trip', async () => {
    await both({ delayMs: 30 });
    const began = performance.now();
    const socket = dialFrom(0, target, 2380);
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNRESET');
    expect(performance.now() - began).toBeGreaterThanOrEqual(60);
  });

  test.each(['client', 'server'] as const)('tells a reset of the %s to the other end', async (who) => {
    await both({ delayMs: 5 });
    const socket = dial();
    await roundTrip(socket);
    const [one, other] = who === 'client' ? [socket, accepted[0]] : [accepted[0], socket];
    const heard = once(other as Socket, 'error');
    one?.resetAndDestroy();
    expect(((await heard) as [NodeJS.ErrnoException])[0].code).toBe('ECONNRESET');
  });
});

describe('a cut', () => {
  test.each([
    ['there', { from: home, to: away }],
    ['back', { from: away, to: home }],
  ])('of the way %s holds bytes back until it heals, and loses none', async (_, direction) => {
    const socket = dial();
    await roundTrip(socket);
    await place.links.set({ ...direction, cut: true });
    const answer = answerTo(socket, 'late');
    let answered = false;
    void answer.then(() => {
      answered = true;
    });
    await sleep(200);
    expect(answered).toBe(false);
    const others = await roundTrip(dial(1));
    expect(others).toBeGreaterThan(0);
    await place.links.set({ ...direction, cut: false });
    expect(await answer).toBe('late');
  });

  test.each([
    ['there', { from: home, to: away }],
    ['back', { from: away, to: home }],
  ])('of the way %s keeps new connections from getting through', async (_, direction) => {
    await place.links.set({ ...direction, cut: true });
    const socket = dial();
    const answer = answerTo(socket, 'ping');
    let answered = false;
    void answer.then(() => {
      answered = true;
    });
    await sleep(200);
    expect(answered).toBe(false);
    expect(accepted.every(({ bytesRead }) => bytesRead === 0)).toBe(true);
    await place.links.reset();
    expect(await answer).toBe('ping');
  });

  test('leaves nothing of who gave up before it healed', async () => {
    await place.links.set({ from: home, to: away, cut: true });
    for (let i = 0; i < 5; i++) {
      const socket = dial();
      socket.write('hello');
      await once(socket, 'connect');
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.end();
      socket.resume();
      await closed;
    }
    await place.links.reset();
    await roundTrip(dial());
    expect(accepted).toHaveLength(1);
  });

  test('of one instance is one of all that is not itself', async () => {
    const neighbour = instanceIn(1, 21);
    const second = await serve(neighbour, port, echo);
    await place.links.open(neighbour);
    await place.links.set({ from: home, to: target.instanceId, cut: true });
    const socket = dial();
    const answer = answerTo(socket, 'ping');
    const other = dialFrom(0, neighbour, port);
    sockets.push(other);
    await roundTrip(other);
    await roundTrip(dial(1));
    await place.links.set({ from: home, to: target.instanceId, cut: false });
    expect(await answer).toBe('ping');
    second.close();
  });
});

describe('links', () => {
  test('are kept, told of, and refused by the field', async () => {
    const database = new DatabaseSync(':memory:');
    const first = openPlace(database);
    const heard: unknown[] = [];
    first.events.on('change', (change) => heard.push(change));
    await first.links.set({ from: home, to: away, delayMs: 40, jitterMs: 3 });
    await first.links.set({ from: `${home}b`, to: away, cut: true });
    expect(heard).toEqual([
      { topic: 'links', id: '' },
      { topic: 'links', id: '' },
    ]);
    await expect(first.links.set({ from: home, to: away, delayMs: -1 })).rejects.toThrow('delayMs is -1; allowed');
    const expected = [
      { from: home, to: away, delayMs: 40, jitterMs: 3, cut: false },
      { from: away, to: home, delayMs: 0, jitterMs: 0, cut: false },
      { from: `${home}b`, to: away, delayMs: 0, jitterMs: 0, cut: true },
    ];
    expect(openPlace(database).links.all()).toEqual(expected);
    await first.links.set({ from: `${home}b`, to: away, cut: false });
    expect(first.links.all()).toEqual(expected.slice(0, 2));
    await first.links.reset();
    expect(openPlace(database).links.all()).toEqual([
      { from: home, to: away, delayMs: 0, jitterMs: 0, cut: false },
      { from: away, to: home, delayMs: 0, jitterMs: 0, cut: false },
    ]);
    // No instance, no process.
    expect(first.links.pid).toBeUndefined();
  });

  test('of an instance end with it', async () => {
    await place.links.set({ from: target.instanceId, to: away, cut: true });
    place.links.close(target.instanceId);
    expect(place.links.all()).toHaveLength(3);
    place.links.forget(target.instanceId);
    expect(place.links.all()).toHaveLength(2);
  });

  test('come back with their process, and go with it', async () => {
    await both({ delayMs: 30 });
    const first = place.links.pid ?? 0;
    process.kill(first, 'SIGKILL');
    while (place.links.pid === first) await sleep(10);
    const tried = async () => roundTrip(dial()).catch(() => 0);
    let took = 0;
    while (took === 0) {
      took = await tried();
      await sleep(10);
    }
    expect(took).toBeGreaterThanOrEqual(120);
    const last = place.links.pid ?? 0;
    await place.links.stop();
    expect(startTimeOf(last)).toBeNull();
  });

  test('take a port over from who had it without them', async () => {
    const direct = instanceIn(0, 22);
    const holder = createServer((socket) => socket.end('direct')).listen(port, direct.address);
    await once(holder, 'listening');
    await place.links.open(direct);
    const before = dialFrom(1, direct, port);
    expect(String(await received(before))).toBe('direct');
    before.destroy();
    await new Promise((resolve) => holder.close(resolve));
    const behind = await serve(direct, port, (socket) => void socket.end('behind'));
    let heard = '';
    while (heard === '') {
      heard = String(await received(dialFrom(1, direct, port)).catch(() => ''));
      await sleep(20);
    }
    expect(heard).toBe('behind');
    behind.close();
  });

  test('say what to type where the machine has no such address', async () => {
    const elsewhere = { ...instanceIn(0, 23), address: '192.0.2.1' };
    const said =
      /^no proxy for 192\.0\.2\.1: this machine has no loopback address 192\.0\.2\.1\. On macOS .*ifconfig lo0 alias/;
    await expect(place.links.open(elsewhere)).rejects.toThrow(said);
  });

  test('end with a home that is killed', async () => {
    const program = fileURLToPath(new URL('./heldPlace.ts', import.meta.url));
    const home = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(home.stdout, 'data')) as [Buffer];
    const proxies = Number(line);
    expect(startTimeOf(proxies)).not.toBeNull();
    home.kill('SIGKILL');
    while (startTimeOf(proxies) !== null) await sleep(10);
  });
});
