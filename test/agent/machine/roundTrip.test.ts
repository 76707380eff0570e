/** Round trips over real connections of loopback, where what answers late says how late at least. */
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { roundTripMs } from '../../../agent/machine/roundTrip.ts';

const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function listening(answer: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    answer(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { port: number }).port;
}

const measure = (port: number, timeoutMs = 5_000) => roundTripMs({ address: '127.0.0.1', port, tries: 4, timeoutMs });
const later = (work: () => void, ms: number) => void setTimeout(work, ms);

test('nobody has to listen: a refusal comes back, too', async () => {
  const port = await listening(() => undefined);
  await new Promise((resolve) => servers.pop()?.close(resolve));
  await expect(measure(port)).resolves.toBeGreaterThan(0);
});

test('an answer is two round trips after the beginning', async () => {
  const port = await listening((socket) => socket.once('data', () => later(() => socket.write('HTTP/1.0 200'), 120)));
  const ms = await measure(port);
  expect(ms).toBeGreaterThanOrEqual(59);
});

test('a server that hangs up on a plain request is asked over TLS, whose answer counts', async () => {
  const alert = Buffer.from([21, 3, 3, 0, 2, 2, 40]);
  const port = await listening((socket) =>
    socket.once('data', (bytes) => {
      // A plain request does not begin as a record of TLS does.
      if (bytes[0] !== 22) later(() => socket.end(), 1_000);
      else later(() => socket.end(alert), 200);
    }),
  );
  const ms = await measure(port);
  expect(ms).toBeGreaterThanOrEqual(99);
  expect(ms).toBeLessThan(1_000);
});

test('one that hangs up on everything is as far as that takes', async () => {
  const port = await listening((socket) => socket.once('data', () => later(() => socket.end(), 60)));
  expect(await measure(port)).toBeGreaterThanOrEqual(55);
});

test('silence is an error that names the address', async () => {
  const port = await listening(() => undefined);
  await expect(measure(port, 50)).rejects.toThrow(`127.0.0.1:${port} does not answer within 50 ms`);
});
