import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type ClientRequest, createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { exchange, type FileBody } from '../../../agent/machine/http.ts';
import { createTestAuthority } from '../../tasks/certificates/testAuthority.ts';

let folder: string;
let file: FileBody;
let server: Server;
/** Another one for each test: connections to the last one may still be kept. */
let port: number;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'http-'));
  file = { path: join(folder, 'file'), bytes: 2_000_000 };
  writeFileSync(file.path, 'a'.repeat(file.bytes));
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve).closeAllConnections());
  rmSync(folder, { recursive: true, force: true });
});

const send = (timeoutMs = 20_000, body = file) =>
  exchange({ method: 'PUT', url: `http://127.0.0.1:${port}/`, body, timeoutMs });
async function takeAll(request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.end(String((await text(request)).length));
}

describe('a file', () => {
  test('is sent when the server wants it', async () => {
    server.on('checkContinue', (request, response) => {
      response.writeContinue();
      takeAll(request, response);
    });
    expect(await send()).toMatchObject({ status: 200, body: '2000000' });
  });

  test('is sent to a server that does not say that it wants it', async () => {
    server.on('checkContinue', takeAll);
    expect(await send()).toMatchObject({ status: 200, body: '2000000' });
  });

  test('that the server does not want stays here, and its answer is heard', async () => {
    let read = -1;
    server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      response.writeHead(403).end('no');
      request.once('close', () => (read = request.socket.bytesRead));
    });
    expect(await send()).toMatchObject({ status: 403, body: 'no' });
    // The connection is free again, or gone: the next call is answered as well.
    expect(await send()).toMatchObject({ status: 403, body: 'no' });
    expect(read).toBeLessThan(10_000);
  });

  test('that is refused halfway ends with the answer', async () => {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      request.once('data', () => {
        request.pause();
        response.writeHead(400, { connection: 'close' }).end('enough');
      });
    });
    expect(await send()).toMatchObject({ status: 400, body: 'enough' });
  });

  test('ends with the deadline where nobody answers', async () => {
    server.on('checkContinue', () => {});
    await expect(send(200)).rejects.toThrow('no answer within 200 ms');
  });

  test('is sent in part', async () => {
    writeFileSync(
      file.path,
      Buffer.concat([Buffer.alloc(300_000, 'a'), Buffer.alloc(100_000, 'b'), Buffer.alloc(7, 'c')]),
    );
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      // A request that is cut off is not answered.
      text(request).then(
        (received) => response.end(received),
        () => {},
      );
    });
    const part = (start: number, bytes: number) => send(20_000, { path: file.path, start, bytes });
    expect((await part(299_999, 100_002)).body).toBe(`a${'b'.repeat(100_000)}c`);
    expect((await part(400_000, 7)).body).toBe('ccccccc');
    await expect(part(400_000, 8)).rejects.toThrow('has not the 8 bytes');
  });
});

test('a connection that is kept gathers no listeners', async () => {
  const authority = await createTestAuthority();
  const instance = { instanceId: 'i-00000001', address: '127.0.0.1', domain: 'etcd.etcd.internal' };
  const own = await authority.issue('server', instance);
  const secure = createSecureServer({ key: own.key, cert: own.certificate }, (_request, response) =>
    response.end('ok'),
  );
  let connections = 0;
  secure.on('secureConnection', () => connections++);
  await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
  const listeners: number[] = [];
  const count = (message: unknown) => {
    const { socket } = (message as { request: ClientRequest }).request;
    listeners.push((socket?.listenerCount('connect') ?? 0) + (socket?.listenerCount('secureConnect') ?? 0));
  };
  subscribe('http.client.response.finish', count);
  const tls = { certificate: own.certificate, key: own.key, authorities: authority.certificate };
  const url = `https://127.0.0.1:${(secure.address() as AddressInfo).port}/`;
  for (let request = 0; request < 4; request++) await exchange({ method: 'GET', url, timeoutMs: 5_000, tls });
  unsubscribe('http.client.response.finish', count);
  await new Promise((resolve) => secure.close(resolve).closeAllConnections());
  expect(connections).toBe(1);
  expect(listeners).toHaveLength(4);
  expect(new Set(listeners).size).toBe(1);
});
