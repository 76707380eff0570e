/** `npm run audit` against a registry that answers, and against one that does not. */
import { spawn } from 'node:child_process';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, jest, test } from '@jest/globals';

jest.setTimeout(120_000);
const project = join(import.meta.dirname, '../../..');
let registry: Server;
afterEach(() => new Promise((resolve) => registry.close(resolve).closeAllConnections()));

async function audit(answer: RequestListener): Promise<{ code: number | null; said: string }> {
  registry = createServer((request, response) => request.resume().on('end', () => answer(request, response)));
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
  const npm_config_registry = `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`;
  const env = { ...process.env, npm_config_registry, npm_config_fetch_retries: '0' };
  const child = spawn(process.execPath, ['infra/release/audit.ts'], { cwd: project, env });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, said };
}

const json = (value: unknown): RequestListener => {
  return (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
};

describe('npm run audit', () => {
  test('tells what the registry knows, of a package that is deployed', async () => {
    const known = { id: 7, url: 'https://example.invalid/7', title: 'signs too much', severity: 'high' };
    const advisory = { ...known, vulnerable_versions: '<99.0.0', cwe: [], cvss: { score: 0, vectorString: null } };
    const versions = { '1.13.2': { name: 'aws4', version: '1.13.2' } };
    const { code, said } = await audit((request, response) => {
      const answer = request.method === 'POST' ? { aws4: [advisory] } : { name: 'aws4', versions };
      json(answer)(request, response);
    });
    expect([code, said]).toEqual([1, 'high: aws4 <99.0.0 (deployed): signs too much https://example.invalid/7\n']);
  });

  test('ends well where nothing is known', async () => {
    expect(await audit(json({}))).toEqual({ code: 0, said: expect.stringContaining('Nothing is known') });
  });

  test('says that it knows nothing where the registry answers no audits', async () => {
    const { code, said } = await audit((_, response) => response.writeHead(405).end());
    expect(code).toBe(3);
    expect(said).toMatch(/answers no audit \(405 .*\n.*nothing is known of these packages/);
  });
});
