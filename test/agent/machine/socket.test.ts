/** The socket of the agent: who may connect, and what becomes of lines that nobody should send. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { askSocket, listenOnSocket } from '../../../agent/machine/socket.ts';

const before = process.cwd();
let folder: string;
let server: Server;
let heard: string[];
beforeEach(async () => {
  heard = [];
  folder = join(mkdtempSync(join(tmpdir(), 'socket-')), 'etcd-agent');
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  server = await listenOnSocket(folder, async (line) => {
    heard.push(line);
    return `heard ${line}`;
  });
});
afterEach(() => {
  server.close();
  process.chdir(before);
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

/** Sends bytes and resolves with what came back when the connection is closed. */
function send(bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(join(folder, 'agent.sock'));
    let received = '';
    socket.on('data', (chunk: Buffer) => (received += chunk));
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(received));
    socket.write(bytes);
  });
}

describe('the socket of the agent', () => {
  test('is for its user alone, in a folder that was open, too', () => {
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'agent.sock')).mode & 0o777).toBe(0o600);
  });

  test('answers a line with a line', async () => {
    expect(await askSocket(folder, 'who', 5_000)).toBe('heard who');
  });

  test('answers the first line only', async () => {
    expect(await send('one\ntwo\n')).toBe('heard one\n');
    expect(heard).toEqual(['one']);
  });

  test('closes on a line without an end, and goes on', async () => {
    expect(await send('A'.repeat(70_000))).toBe('');
    expect(heard).toEqual([]);
    expect(await askSocket(folder, 'still there', 5_000)).toBe('heard still there');
  });
});
