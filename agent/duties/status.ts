/** `GET /status` and `GET /health` on a loopback address: what the agent says of itself. */
import { createServer, type Server } from 'node:http';
import { type Description, ports } from '../protocol.ts';

/** Ways to name the endpoint: a page of the operator's browser whose name resolves to this address (DNS rebinding) has another. */
function hostsOf(address: string): readonly string[] {
  const names = address === '127.0.0.1' ? [address, 'localhost'] : [address];
  return names.map((name) => `${name}:${ports.status}`);
}

/**
 * Listens on the address.
 * @param describe the current description; answered from the last one where a fresh one takes too long
 */
export function startStatus(address: string, describe: () => Promise<Description>): Promise<Server> {
  const hosts = hostsOf(address);
  const server = createServer((request, response) => {
    if (!hosts.includes(request.headers.host ?? '')) {
      response.writeHead(403, { 'content-type': 'text/plain' }).end(`Host: only ${hosts.join(' or ')}\n`);
      return;
    }
    if (request.method !== 'GET' || (request.url !== '/status' && request.url !== '/health')) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('GET /status or GET /health\n');
      return;
    }
    describe().then(
      (description) => {
        const healthy = description.health.verdict === 'healthy';
        const status = request.url === '/health' && !healthy ? 503 : 200;
        const body = request.url === '/health' ? description.health : description;
        response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
      },
      (error: Error) => response.writeHead(500, { 'content-type': 'text/plain' }).end(`${error.message}\n`),
    );
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(ports.status, address, () => resolve(server));
  });
}
