/** The page's server as a client sees it: what it refuses, what it answers. */
import { type IncomingMessage, request } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type RunningPage, startPage } from '../../../../infra/local/page/server.ts';
import { connects, otherAddresses } from '../../../loopback.ts';
import { machineArn, member, type Rehearsal, rehearse } from './rehearsal.ts';

let rehearsal: Rehearsal;
let server: RunningPage;
let host: string;
let token: string;
const logged: string[] = [];
const log = (line: string) => void logged.push(line);

beforeEach(async () => {
  rehearsal = rehearse();
  rehearsal.setMembers([member(1), member(2), member(3)]);
  server = await startPage({ host: '127.0.0.1', port: 0, source: rehearsal.source, log });
  host = new URL(server.url).host;
  token = new URL(server.urlWithToken).hash.slice('#token='.length);
});
afterEach(() => server.close());

interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

function ask(method: string, path: string, headers: Record<string, string> = {}, body = ''): Promise<Reply> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers: { host, ...headers }, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const json = async (path: string): Promise<unknown> => JSON.parse((await ask('GET', path)).text);
const good = (): Record<string, string> => ({ 'content-type': 'application/json', 'x-etcd-appliance-token': token });
const post = (path: string, body: unknown, headers = good()): Promise<Reply> =>
  ask('POST', path, headers, JSON.stringify(body));
const wellFormed = { stateMachineArn: machineArn, input: '{"cluster":"etcd"}', name: 'mine' };

describe('who is refused', () => {
  test.each(['evil.example', 'evil.example:80', '127.0.0.1', 'localhost:1', '[::1]:80'])('Host %s', async (other) => {
    const reply = await ask('GET', '/api/members', { host: other });
    expect(reply.status).toBe(421);
    expect(JSON.parse(reply.text).error.field).toBe('Host');
  });

  test('nobody is at localhost:PORT', async () => {
    expect((await ask('GET', '/api', { host: host.replace('127.0.0.1', 'localhost') })).status).toBe(200);
  });

  test.each<[string, () => Record<string, string>, number, string]>([
    ['no token', () => ({ 'content-type': 'application/json' }), 403, 'X-Etcd-Appliance-Token'],
    ['a wrong token', () => ({ ...good(), 'x-etcd-appliance-token': 'x' }), 403, 'X-Etcd-Appliance-Token'],
    ['another origin', () => ({ ...good(), origin: 'http://evil.example' }), 403, 'Origin'],
    ['the origin of another port', () => ({ ...good(), origin: 'http://127.0.0.1:1' }), 403, 'Origin'],
    ['no origin at all ("null")', () => ({ ...good(), origin: 'null' }), 403, 'Origin'],
    ['a form', () => ({ ...good(), 'content-type': 'application/x-www-form-urlencoded' }), 415, 'Content-Type'],
    ['plain text', () => ({ ...good(), 'content-type': 'text/plain' }), 415, 'Content-Type'],
  ])('a change with %s', async (_, headers, status, field) => {
    const reply = await post('/api/executions', wellFormed, headers());
    expect(reply.status).toBe(status);
    expect(JSON.parse(reply.text).error.field).toBe(field);
    expect(rehearsal.calls).toEqual([]);
  });

  test.each(['cross-site', 'same-site'])('what a page of another origin asks (%s), whatever it is', async (site) => {
    const fetched = { 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' };
    const framed = { ...fetched, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' };
    for (const where of ['/', '/page.js', '/api', '/api/members', '/api/events']) {
      for (const headers of [fetched, framed]) {
        const reply = await ask('GET', where, headers);
        expect([reply.status, JSON.parse(reply.text).error.field]).toEqual([403, 'Sec-Fetch-Site']);
      }
      expect((await ask('GET', where, { origin: 'http://evil.example' })).status).toBe(403);
    }
    const change = await post('/api/executions', wellFormed, { ...good(), ...framed, 'sec-fetch-dest': 'document' });
    expect([change.status, rehearsal.calls]).toEqual([403, []]);
  });

  test('nobody who types the address or follows a link to the page, which is then only shown', async () => {
    const opened = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    for (const site of ['none', 'same-origin', 'cross-site', 'same-site']) {
      expect((await ask('GET', '/', { ...opened, 'sec-fetch-site': site })).status).toBe(200);
    }
    expect((await ask('GET', '/api/members', { ...opened, 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  });

  test('nothing that is served has the token in it', async () => {
    expect(token).toMatch(/^[\w-]{43}$/);
    for (const where of ['/', '/page.js', '/api', '/api/members', '/api/state-machines'])
      expect((await ask('GET', where)).text).not.toContain(token);
  });

  test('whoever comes by another interface', async () => {
    const port = Number(new URL(server.url).port);
    for (const address of otherAddresses()) expect([address, await connects(address, port)]).toEqual([address, false]);
    expect(await connects('127.0.0.1', port)).toBe(true);
  });

  test('a preflight', async () => {
    const asked = await ask('OPTIONS', '/api/executions', { origin: 'http://evil.example' });
    expect(asked.status).toBe(403);
    const reply = await ask('OPTIONS', '/api/executions');
    expect(reply.status).toBe(405);
    expect(reply.headers['access-control-allow-origin']).toBeUndefined();
  });

  test('a host that is no loopback address', async () => {
    await expect(startPage({ host: '0.0.0.0', port: 0, source: rehearsal.source, log })).rejects.toThrow('loopback');
  });

  test('a port that is taken', async () => {
    const port = Number(new URL(server.url).port);
    await expect(startPage({ host: '127.0.0.1', port, source: rehearsal.source, log })).rejects.toThrow('EADDRINUSE');
  });
});

const arn = `${machineArn.replace('stateMachine', 'execution')}:first`;
const path = `/api/executions/${encodeURIComponent(arn)}`;

describe('what is refused', () => {
  test.each([
    ['GET', '/api/nothing', 404, 'path'],
    ['GET', '/etc/passwd', 404, 'path'],
    ['GET', '/api/executions/x', 400, 'executionArn'],
    ['GET', '/api/executions/%E0%A4%A', 400, 'executionArn'],
    ['GET', `${path}?verbose=1`, 400, 'verbose'],
    ['GET', `${path}/graph?format=png`, 400, 'format'],
    ['GET', path, 404, 'executionArn'],
    ['GET', `${path}/stop`, 405, 'method'],
    ['POST', '/api/members', 405, 'method'],
    ['DELETE', path, 405, 'method'],
  ])('%s %s: %i at %s', async (method, where, status, field) => {
    const reply = await ask(method, where, method === 'POST' ? good() : {});
    expect([reply.status, JSON.parse(reply.text).error.field]).toEqual([status, field]);
  });

  test.each([
    ['no JSON', '{', 400, 'body', 'is not JSON'],
    ['no object', '[]', 400, 'body', 'must be a JSON object'],
    ['too long', ' '.repeat(600_000), 413, 'body', 'longer than'],
    ['an unknown field', '{"x":1}', 400, 'x', 'unknown field'],
    ['no machine', '{"input":"{}"}', 400, 'stateMachineArn', 'must be the ARN'],
    ['an input without cluster', JSON.stringify({ ...wellFormed, input: '{}' }), 400, 'input.cluster', 'is missing'],
    ['a name with a space', JSON.stringify({ ...wellFormed, name: 'a b' }), 400, 'name', 'must not contain'],
  ])('a start with %s', async (_, body, status, field, message) => {
    const reply = await ask('POST', '/api/executions', good(), body);
    expect(reply.status).toBe(status);
    expect(JSON.parse(reply.text).error).toEqual({ field, message: expect.stringContaining(message) });
    expect(rehearsal.calls).toEqual([]);
  });

  test('a second start of the same name, in the words of Step Functions', async () => {
    expect((await post('/api/executions', wellFormed)).status).toBe(201);
    const reply = await post('/api/executions', wellFormed);
    expect(reply.status).toBe(409);
    expect(JSON.parse(reply.text).error).toEqual({ field: 'name', message: expect.stringContaining('Already Exists') });
  });

  test('a stop with an unknown field', async () => {
    rehearsal.start('first');
    const reply = await post(`${path}/stop`, { reason: 'x' });
    expect([reply.status, JSON.parse(reply.text).error.field]).toEqual([400, 'reason']);
  });

  test('a source that fails is told apart from a bad request', async () => {
    await server.close();
    const call = async (): Promise<never> => {
      throw Object.assign(new Error('connect ECONNREFUSED 127.9.9.1:4566'), { code: 'ECONNREFUSED' });
    };
    server = await startPage({ host: '127.0.0.1', port: 0, source: { ...rehearsal.source, call }, log });
    host = new URL(server.url).host;
    const reply = await ask('GET', '/api/executions');
    expect(reply.status).toBe(502);
    expect(JSON.parse(reply.text).error.message).toMatch(/home does not answer/);
    expect(reply.text).not.toContain('127.9.9.1');
    expect(logged.at(-1)).toContain('127.9.9.1');
  });

  test('a mistake of this server is in the log, and not in the answer', async () => {
    await server.close();
    const call = async (): Promise<never> => {
      throw new TypeError('cannot read /secret/place');
    };
    server = await startPage({ host: '127.0.0.1', port: 0, source: { ...rehearsal.source, call }, log });
    host = new URL(server.url).host;
    const reply = await ask('GET', '/api/executions');
    expect(reply.status).toBe(500);
    expect(reply.text).not.toMatch(/secret|TypeError|\.ts/);
    expect(logged.at(-1)).toContain('TypeError: cannot read /secret/place');
  });
});

describe('what is answered', () => {
  test.each(['/', '/page.js', '/page.css', '/icon.svg', '/api', '/api/members'])(
    '%s, never cached or framed',
    async (where) => {
      const { status, headers } = await ask('GET', where);
      expect(status).toBe(200);
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'; .*frame-ancestors 'none'/);
      expect(headers['content-security-policy']?.includes("script-src 'self'")).toBe(!where.startsWith('/api'));
      expect(headers['content-security-policy']).not.toContain('unsafe');
      expect(headers['referrer-policy']).toBe('no-referrer');
      expect(headers['x-frame-options']).toBe('DENY');
      expect(headers['x-content-type-options']).toBe('nosniff');
    },
  );

  test('HEAD has no body', async () => {
    expect(await ask('HEAD', '/api')).toMatchObject({ status: 200, text: '' });
  });

  test('GET /api lists every route', async () => {
    const { routes } = (await json('/api')) as { routes: { method: string; path: string }[] };
    expect(routes.map(({ method, path: where }) => `${method} ${where}`)).toEqual([
      'GET /api',
      'GET /api/state-machines',
      'GET /api/executions',
      'POST /api/executions',
      'GET /api/executions/ARN',
      'GET /api/executions/ARN/history',
      'GET /api/executions/ARN/graph',
      'POST /api/executions/ARN/stop',
      'GET /api/members',
      'GET /api/links',
      'PUT /api/links',
      'GET /api/events',
    ]);
  });

  test('an execution with its states, history and graph', async () => {
    rehearsal.start('first');
    rehearsal.task(arn, 'Read the cluster record', 0, { cluster: 'etcd' }, { created: false });
    expect(await json('/api/executions')).toMatchObject({ executions: [{ executionArn: arn, status: 'RUNNING' }] });
    const { states } = (await json(path)) as { states: { name: string; status: string }[] };
    expect(states.map(({ name, status }) => `${name}: ${status}`)).toEqual([
      'Read the cluster record: succeeded',
      'Already created?: waiting',
      'Wait until the instances are in service: waiting',
      'Each member: waiting',
      'Wait until the member is healthy: waiting',
      'Mark the cluster created: waiting',
      'Cluster created: waiting',
      'Bootstrap failed: waiting',
    ]);
    expect(await json(`${path}/history`)).toMatchObject({
      events: [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }, { id: 5 }],
    });
    expect(await json(`${path}/history?state=${encodeURIComponent('Read the cluster record')}`)).toMatchObject({
      visits: [{ status: 'succeeded', input: '{"cluster":"etcd"}', output: '{"created":false}' }],
    });
    expect((await ask('GET', `${path}/graph?format=dot`)).text).toMatch(/^digraph/);
    const graph = await ask('GET', `${path}/graph`);
    expect(graph.headers['content-type']).toBe('image/svg+xml; charset=utf-8');
    expect(graph.text).toContain('state:Already%20created%3F');
  });

  test('a history of several pages as one', async () => {
    rehearsal.start('first');
    for (let loops = 0; loops < 600; loops++) rehearsal.task(arn, 'Read the cluster record', 0, {}, {});
    const { events } = (await json(`${path}/history`)) as { events: unknown[] };
    expect(events).toHaveLength(2401);
  });

  test('a start and a stop', async () => {
    const reply = await post('/api/executions', wellFormed, { ...good(), origin: `http://${host}` });
    expect(reply.status).toBe(201);
    const { executionArn } = JSON.parse(reply.text) as { executionArn: string };
    expect(rehearsal.calls).toEqual([{ operation: 'StartExecution', input: wellFormed }]);
    const started = `/api/executions/${encodeURIComponent(executionArn)}`;
    expect((await post(`${started}/stop`, { cause: 'not now' })).status).toBe(200);
    expect(await json(started)).toMatchObject({ status: 'ABORTED', error: 'Stopped', cause: 'not now' });
  });

  test('the members and the cluster’s health', async () => {
    expect(await json('/api/members')).toMatchObject({
      cluster: 'etcd',
      health: { verdict: 'healthy' },
      upkeep: { lock: { held: null }, dns: { verdict: 'inSync' } },
      members: [{ name: 'etcd-1', role: 'leader' }, { name: 'etcd-2' }, { name: 'etcd-3' }],
    });
  });

  test('pushes: hello at first, then changes gathered into few', async () => {
    const stream = await openStream();
    expect(await stream.next('hello')).toEqual({ server: expect.stringMatching(/^[0-9a-f]{16}$/) });
    rehearsal.start('first');
    for (let events = 0; events < 500; events++) rehearsal.event(arn, { type: 'TaskScheduled', previousEventId: 0 });
    expect(await stream.next('change')).toEqual({ executions: [arn], instances: [] });
    rehearsal.setMembers([member(1)]);
    expect(await stream.next('change')).toEqual({ executions: [], instances: ['i-0'] });
    expect(await stream.next('members')).toMatchObject({ members: [{ name: 'etcd-1' }] });
    stream.close();
  });
});

/** A client of /api/events; `next` fails where another event comes first. */
async function openStream(): Promise<{ next(event: string): Promise<unknown>; close(): void }> {
  const { hostname, port } = new URL(server.url);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ hostname, port, path: '/api/events', headers: { host }, agent: false }, resolve)
      .on('error', reject)
      .end();
  });
  const frames = framesOf(response);
  return {
    async next(event) {
      const { value } = await frames.next();
      const [, name, data] = /^event: (.*)\ndata: (.*)$/.exec(value ?? '') ?? [];
      expect(name).toBe(event);
      return JSON.parse(data ?? 'null');
    },
    close: () => response.destroy(),
  };
}

async function* framesOf(response: IncomingMessage): AsyncGenerator<string, undefined> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const frame = text.slice(0, end);
      text = text.slice(end + 2);
      if (frame.startsWith('event:')) yield frame;
    }
  }
  return undefined;
}
