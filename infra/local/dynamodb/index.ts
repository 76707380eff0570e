/**
 * DynamoDB is dynalite (LevelDB below DIR/dynamodb), behind the home's endpoint. What it does not do: point-in-time
 * recovery, deletion protection and encryption settings (noted by the deployment, without effect), transactions, streams.
 *
 * dynalite asks nobody for a key and answers pages of any origin, so it listens on a socket in a folder of this user's alone,
 * not on a port.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import dynalite from 'dynalite';
import { readBody } from '../wire/request.ts';
import type { Authorize, HomeContext, RawService } from '../wire/service.ts';
import { createPartitionKeys } from './partitionKeys.ts';

export interface DynamoDb extends RawService {
  close(): Promise<void>;
}

/** Opens the tables of the data folder. */
export async function createDynamoDb(context: HomeContext, authorize: Authorize): Promise<DynamoDb> {
  const server: Server = dynalite({
    path: join(context.folder, 'dynamodb'),
    createTableMs: 0,
    deleteTableMs: 0,
    updateTableMs: 0,
  });
  const socketPath = socketFor(context.folder);
  // Left by a home that was killed.
  rmSync(socketPath, { force: true });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const partitionKeys = createPartitionKeys(socketPath);
  return {
    name: 'dynamodb',
    async handle(request, response, caller) {
      const body = await readBody(request);
      const operation =
        String(request.headers['x-amz-target'] ?? '')
          .split('.')
          .at(-1) ?? '';
      const input = inputOf(body);
      const keys = await partitionKeys(operation, input, request.headers);
      authorize(caller, 'dynamodb', operation, { ...input, partitionKeys: keys });
      const forward = httpRequest({
        socketPath,
        method: request.method,
        path: request.url,
        headers: request.headers,
      });
      const answered = new Promise<void>((resolve, reject) => {
        forward.once('error', reject);
        forward.once('response', (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          pipeline(answer, response).then(resolve, reject);
        });
      });
      forward.end(body);
      await answered;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          if (dirname(socketPath) !== context.folder) rmSync(dirname(socketPath), { recursive: true, force: true });
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

/** A socket's path has at most 104 bytes with the one that ends it (macOS; 108 on Linux). */
const longestPath = 103;

/** In the data folder, or, where that has a long name, in a folder of its own. */
function socketFor(folder: string): string {
  const path = join(folder, 'dynamodb.sock');
  return Buffer.byteLength(path) <= longestPath ? path : join(mkdtempSync(join(tmpdir(), 'dynamodb-')), 'socket');
}

/** What dynalite refuses itself needs nothing. */
function inputOf(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const input: unknown = JSON.parse(body.toString('utf8'));
    return typeof input === 'object' && input !== null ? (input as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
