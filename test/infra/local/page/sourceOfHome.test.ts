/** The home's instances as members: agents that answer, agents that do not. */
import { EventEmitter } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test } from '@jest/globals';
import type { Description } from '../../../../agent/protocol.ts';
import { createLinks } from '../../../../infra/local/links/index.ts';
import type { InstanceFacts } from '../../../../infra/local/page/members.ts';
import type { Change } from '../../../../infra/local/page/source.ts';
import { sourceOfHome } from '../../../../infra/local/page/sourceOfHome.ts';

/** An address range of this test's own, so that the agents' production port is free. */
const network = `127.97.${process.pid % 250}`;
const opened: Server[] = [];
afterEach(async () => {
  for (const server of opened.splice(0)) {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
});

async function agent(number: number, answer: RequestListener): Promise<InstanceFacts> {
  const server = createServer(answer);
  await new Promise<void>((listening) => server.listen(2378, `${network}.${number}`, listening));
  opened.push(server);
  return instance(number);
}

function instance(number: number, state = 'running'): InstanceFacts {
  return { instanceId: `i-${number}`, address: `${network}.${number}`, zone: 'us-east-1a', state };
}

/** @param deadlineMs above what a busy machine takes for an answer that comes */
function home(instances: readonly InstanceFacts[], events = new EventEmitter(), deadlineMs = 60_000) {
  const watched = {
    endpoint: `http://${network}.1:4566`,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    context: { region: 'us-east-1', events },
    outputs: {},
    links: createLinks({ database: new DatabaseSync(':memory:'), events, log: () => {} }),
    regions: () => [{ instances: async () => instances }],
  };
  return sourceOfHome(watched, deadlineMs);
}

test('members with and without an agent that answers', async () => {
  const description: Partial<Description> = {
    cluster: 'night',
    phase: 'running',
    reason: '',
    etcd: { pid: 1, version: '3.5.35', starts: 1, crashes: 0, lastExit: null },
    member: null,
    health: { verdict: 'healthy' },
  };
  const source = home([
    await agent(11, (request, response) => {
      response.statusCode = request.url === '/status' ? 200 : 404;
      response.end(JSON.stringify(description));
    }),
    await agent(12, (_, response) => {
      response.statusCode = 500;
      response.end();
    }),
    await agent(14, (_, response) => response.end('x'.repeat(2_000_000))),
    instance(15),
    instance(16, 'pending'),
    instance(17, 'terminated'),
  ]);
  expect(source.cluster).toBe('etcd');
  const members = await source.members();
  expect(members.map(({ instanceId, health, version, reasons }) => [instanceId, health, version, ...reasons])).toEqual([
    ['i-11', 'healthy', '3.5.35'],
    ['i-12', 'unknown', null, 'its agent does not answer: status 500'],
    ['i-14', 'unknown', null, 'its agent does not answer: more than 1048576 bytes'],
    ['i-15', 'unknown', null, expect.stringContaining('ECONNREFUSED')],
    ['i-16', 'unknown', null, 'the instance is pending'],
  ]);
  expect(source.cluster).toBe('night');
});

test('a member whose agent says nothing is not waited for', async () => {
  const [member] = await home([await agent(13, () => {})], new EventEmitter(), 50).members();
  expect(member).toMatchObject({ health: 'unknown', reasons: ['its agent does not answer: nothing within 50 ms'] });
});

test('hears of changes until it stops listening', () => {
  const events = new EventEmitter();
  const heard: Change[] = [];
  const stop = home([], events).onChange((change) => heard.push(change));
  events.emit('change', { topic: 'executions', id: 'x' });
  stop();
  events.emit('change', { topic: 'executions', id: 'y' });
  expect(heard).toEqual([{ topic: 'executions', id: 'x' }]);
});
