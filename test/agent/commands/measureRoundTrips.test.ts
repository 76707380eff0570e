/** Round trips to an instance of which something is late: over real connections of loopback, to etcd's own ports. */
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { clientPort, peerPort } from '#etcd/addresses.ts';
import { measureRoundTrips } from '../../../agent/commands/measureRoundTrips.ts';
import { ownAddress } from '../../loopback.ts';

const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

const identity = { instanceId: 'i-1' };
/** Of which thirty are how long silence is borne. */
const timeoutMs = 40;
const patienceMs = 30 * timeoutMs;

/** An instance that gives nothing on these ports until it is up: then it hangs up on whoever comes. */
async function silentInstance(address: string, ports: readonly number[]): Promise<{ up(): void }> {
  let isUp = false;
  for (const port of ports) {
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      if (isUp) socket.end();
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(port, address, resolve));
  }
  return {
    up() {
      isUp = true;
    },
  };
}

async function measured(addresses: readonly string[], receivedAtMs = performance.now()) {
  const beganAtMs = performance.now();
  const { roundTrips } = await measureRoundTrips({ addresses, timeoutMs }, { identity, receivedAtMs });
  return { roundTrips, tookMs: performance.now() - beganAtMs };
}

test.each([
  ['on both ports', 1, [peerPort, clientPort]],
  ['on one of them', 2, [clientPort]],
] as const)('one that gives nothing %s at first is measured once it does', async (_, host, ports) => {
  const address = ownAddress(host);
  const instance = await silentInstance(address, ports);
  setTimeout(() => instance.up(), 300);
  const { roundTrips, tookMs } = await measured([address]);
  expect(roundTrips).toEqual([{ address, ms: expect.any(Number) }]);
  expect(tookMs).toBeGreaterThanOrEqual(250);
});

test('one that never gives anything is reported after that time, and does not keep the others from being measured', async () => {
  const [silent, there] = [ownAddress(3), ownAddress(4)];
  await silentInstance(silent, [peerPort, clientPort]);
  const { roundTrips, tookMs } = await measured([silent, there]);
  expect(roundTrips).toEqual([
    { address: silent, ms: null },
    { address: there, ms: expect.any(Number) },
  ]);
  expect(tookMs).toBeGreaterThanOrEqual(patienceMs);
});

test('the time counts from when the command was received, also after a restart of the agent', async () => {
  const silent = ownAddress(5);
  await silentInstance(silent, [peerPort, clientPort]);
  const { roundTrips, tookMs } = await measured([silent], performance.now() - patienceMs);
  expect(roundTrips).toEqual([{ address: silent, ms: null }]);
  expect(tookMs).toBeLessThan(patienceMs);
});

test('where all answer nobody waits', async () => {
  const { tookMs } = await measured([ownAddress(6)]);
  expect(tookMs).toBeLessThan(patienceMs);
});
