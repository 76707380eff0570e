import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { startStatus } from '../../../agent/duties/status.ts';
import type { Description } from '../../../agent/protocol.ts';
import { ownAddress } from '../../loopback.ts';

let server: Server;
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const description = { health: { verdict: 'healthy' } } as Description;
const address = ownAddress(1);
const start = async (at: string) => {
  server = await startStatus(at, async () => description);
};

/** The status of the answer to exactly these lines. */
async function answered(at: string, ...lines: readonly string[]): Promise<number> {
  const socket = connect({ host: at, port: 2378 }, () =>
    socket.write([...lines, 'Connection: close', '', ''].join('\r\n')),
  );
  return Number(/^HTTP\/1\.1 (\d+)/.exec(await text(socket))?.[1]);
}

describe('the status endpoint', () => {
  test('answers who names it by its own address', async () => {
    await start(address);
    expect(await answered(address, 'GET /status HTTP/1.1', `Host: ${address}:2378`)).toBe(200);
    expect(await answered(address, 'GET /health HTTP/1.1', `Host: ${address}:2378`)).toBe(200);
    expect(await answered(address, 'GET /other HTTP/1.1', `Host: ${address}:2378`)).toBe(404);
  });

  test('refuses every other name, whatever is asked for', async () => {
    await start(address);
    const names = [
      'etcd.example',
      'etcd.example:2378',
      address,
      `${address}:80`,
      'localhost:2378',
      '127.0.0.1:2378',
      '',
    ];
    for (const name of names)
      expect([name, await answered(address, 'GET /status HTTP/1.1', `Host: ${name}`)]).toEqual([name, 403]);
    expect(await answered(address, 'GET /status HTTP/1.1')).toBe(400);
    expect(await answered(address, 'GET /status HTTP/1.0')).toBe(403);
    const letters = fc.string({ unit: fc.constantFrom(...'abc.:-_0127/@') });
    await fc.assert(
      fc.asyncProperty(letters, async (name) => {
        expect([400, 403]).toContain(await answered(address, 'GET /status HTTP/1.1', `Host: ${name}`));
      }),
      { numRuns: 50 },
    );
  });
});
