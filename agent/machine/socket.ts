/** The unix socket between `etcd-agent command` and the resident agent: one line each way. Only root may connect. */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A socket's path has at most 108 bytes, so both sides go to its folder and use the bare name. */
const name = 'agent.sock';
const longestLine = 64 * 1024;

/** Listens in the folder; each line is answered with one. */
export function listenOnSocket(folder: string, answer: (line: string) => Promise<string>): Promise<Server> {
  mkdirSync(folder, { recursive: true });
  // Before the socket is there: it gets its own mode only after it was made.
  chmodSync(folder, 0o700);
  process.chdir(folder);
  rmSync(name, { force: true });
  const server = createServer((socket) => {
    let received = '';
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: string) => {
      received += chunk;
      if (received.length > longestLine) socket.destroy();
      if (!received.includes('\n')) return;
      const line = received.slice(0, received.indexOf('\n'));
      received = '';
      answer(line).then(
        (reply) => socket.end(`${reply}\n`),
        () => socket.destroy(),
      );
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(name, () => {
      chmodSync(name, 0o600);
      resolve(server);
    });
  });
}

/**
 * Sends a line and returns the answer; waits for an agent that is just being started again.
 * @throws Error where no agent answers within `timeoutMs`
 */
export async function askSocket(folder: string, line: string, timeoutMs: number): Promise<string> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      process.chdir(folder);
      return await ask(line, deadline - performance.now());
    } catch (error) {
      if (performance.now() >= deadline)
        throw new Error(`the agent does not answer on ${folder}/${name}: ${(error as Error).message}`);
      await sleep(100);
    }
  }
}

function ask(line: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(name);
    let received = '';
    const timer = setTimeout(() => socket.destroy(new Error('no answer in time')), Math.max(1, timeoutMs));
    socket.setEncoding('utf8');
    socket.once('connect', () => socket.write(`${line}\n`));
    socket.on('data', (chunk: string) => (received += chunk));
    socket.once('error', reject);
    socket.once('close', () => {
      clearTimeout(timer);
      if (received.endsWith('\n')) resolve(received.trimEnd());
      else reject(new Error('the connection was closed without an answer'));
    });
  });
}
