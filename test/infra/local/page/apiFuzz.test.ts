/** The page's API under requests that nobody means: no crash, no change without the token, a refusal that says what is wrong. */
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { type RunningPage, startPage } from '../../../../infra/local/page/server.ts';
import { machineArn, machineCalled, type Rehearsal, rehearse } from './rehearsal.ts';

jest.setTimeout(60_000);
/** A slow machine tries fewer. */
const bounded = { numRuns: 400, interruptAfterTimeLimit: 12_000 };

let rehearsal: Rehearsal;
let server: RunningPage;
let host: string;
let token: string;
const logged: string[] = [];
beforeAll(async () => {
  rehearsal = rehearse();
  rehearsal.start('first');
  server = await startPage({
    host: '127.0.0.1',
    port: 0,
    source: rehearsal.source,
    log: (line) => void logged.push(line),
  });
  host = new URL(server.url).host;
  token = new URL(server.urlWithToken).hash.slice('#token='.length);
});
afterAll(() => server.close());

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Reply {
  readonly status: number;
  readonly text: string;
}

function ask({ method, path, headers, body }: Asked): Promise<Reply> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        // The stream of events does not end by itself.
        if (response.headers['content-type']?.startsWith('text/event-stream')) response.destroy();
      });
      response.on('close', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const changes = () => rehearsal.calls.filter(({ operation }) => /^(Start|Stop)Execution$/.test(operation)).length;
const executionArn = `${machineArn.replace('stateMachine', 'execution')}:first`;

/** Nothing of the inside: no traces, files or names of classes. */
function expectClear({ status, text }: Reply): void {
  expect(status).toBeLessThan(500);
  if (status < 400) return;
  const { error } = JSON.parse(text) as { error: { field: string | null; message: string } };
  expect(error.message).not.toBe('');
  expect(text).not.toMatch(/\n\s+at |node:|\.tsx?:|TypeError|undefined/);
}

const segments = fc.constantFrom(
  ...[
    'api',
    'executions',
    'members',
    'events',
    'state-machines',
    'history',
    'graph',
    'stop',
    '..',
    '',
    '%00',
    '%',
    'ARN',
  ],
);
const path = fc.oneof(
  fc
    .array(fc.oneof(segments, fc.webSegment()), { maxLength: 5 })
    .map((parts) => `/${parts.join('/').replace('ARN', encodeURIComponent(executionArn))}`),
  fc.webUrl({ withQueryParameters: true }),
  fc.tuple(segments, fc.webQueryParameters()).map(([part, query]) => `/api/${part}?${query}`),
);
/** What an HTTP client can put into a header. */
const headerText = fc.string({ unit: 'binary-ascii', maxLength: 40 }).map((text) => text.replace(/[^\x20-\x7e]/g, ''));
const headers = fc.record(
  {
    host: fc.oneof({ weight: 6, arbitrary: fc.constant('OWN') }, headerText),
    origin: fc.oneof(fc.constant('http://OWN'), headerText),
    'sec-fetch-site': fc.oneof(fc.constantFrom('same-origin', 'same-site', 'cross-site', 'none'), headerText),
    'content-type': fc.oneof(fc.constant('application/json'), headerText),
    'x-etcd-appliance-token': headerText,
  },
  { requiredKeys: [] },
);
const ownHost = (given: Partial<Record<string, string>>) =>
  Object.fromEntries(Object.entries(given).map(([name, value = '']) => [name, value.replace('OWN', host)]));
const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH');
const start = fc.record(
  {
    stateMachineArn: fc.oneof(fc.constantFrom(machineArn, machineCalled('RotateInstances')), fc.string()),
    input: fc.oneof(fc.json(), fc.string(), fc.constant('{"cluster":"etcd"}')),
    name: fc.oneof(fc.string(), fc.constant('again')),
  },
  { requiredKeys: [] },
);
const body = fc.oneof(
  start.map((value) => JSON.stringify(value)),
  fc.json(),
  fc.string(),
  fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.stringify(value)),
);

describe('the API of the page', () => {
  test('changes nothing without the token, and says what is wrong', async () => {
    const before = changes();
    const property = fc.asyncProperty(method, path, headers, body, async (verb, where, given, text) => {
      const asked = { method: verb, path: where, headers: ownHost(given), body: /^P/.test(verb) ? text : '' };
      const reply = await ask(asked);
      if (verb === 'HEAD') expect(reply.status).toBeLessThan(500);
      else expectClear(reply);
      expect(changes()).toBe(before);
    });
    await fc.assert(property, bounded);
  });

  test('starts with the token what is well formed, and refuses the rest by its field', async () => {
    const property = fc.asyncProperty(body, fc.boolean(), async (text, stops) => {
      const before = changes();
      const headers = { host, 'content-type': 'application/json', 'x-etcd-appliance-token': token };
      const where = stops ? `/api/executions/${encodeURIComponent(executionArn)}/stop` : '/api/executions';
      const reply = await ask({ method: 'POST', path: where, headers, body: text });
      expectClear(reply);
      if (reply.status >= 400 && reply.status !== 409) expect(changes()).toBe(before);
      if (reply.status < 400) expect(changes()).toBe(before + 1);
    });
    await fc.assert(property, bounded);
  });

  test('outlives bytes that are no HTTP', async () => {
    const { hostname, port } = new URL(server.url);
    const property = fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
      return new Promise<void>((resolve) => {
        const socket = connect({ host: hostname, port: Number(port) });
        socket.on('error', () => undefined);
        socket.on('close', () => resolve());
        socket.resume().end(bytes);
      });
    });
    await fc.assert(property, { ...bounded, numRuns: 100 });
    expect((await ask({ method: 'GET', path: '/api', headers: { host }, body: '' })).status).toBe(200);
  });

  test('has made no mistake of its own', () => expect(logged).toEqual([]));
});
