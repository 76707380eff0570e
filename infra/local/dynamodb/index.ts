/**
 * DynamoDB is dynalite (LevelDB below DIR/dynamodb), behind the home's endpoint. What it does not do: point-in-time
 * recovery, deletion protection and encryption settings (noted by the deployment, without effect), transactions, streams.
 */
import { request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import dynalite from 'dynalite';
import type { HomeContext, RawService } from '../wire/service.ts';

export interface DynamoDb extends RawService {
  close(): Promise<void>;
}

/** Opens the tables of the data folder. */
export async function createDynamoDb(context: HomeContext): Promise<DynamoDb> {
  const server: Server = dynalite({
    path: join(context.folder, 'dynamodb'),
    createTableMs: 0,
    deleteTableMs: 0,
    updateTableMs: 0,
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    name: 'dynamodb',
    async handle(request, response) {
      const forward = httpRequest({
        host: '127.0.0.1',
        port,
        method: request.method,
        path: request.url,
        headers: { ...request.headers, host: `127.0.0.1:${port}` },
      });
      const answered = new Promise<void>((resolve, reject) => {
        forward.once('error', reject);
        forward.once('response', (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          pipeline(answer, response).then(resolve, reject);
        });
      });
      await Promise.all([pipeline(request, forward), answered]);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
