import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { exchange, type FileBody } from '../../../agent/machine/http.ts';

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

const send = (timeoutMs = 20_000) =>
  exchange({ method: 'PUT', url: `http://127.0.0.1:${port}/`, body: file, timeoutMs });
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
});
