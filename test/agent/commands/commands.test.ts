import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type CommandReceiver, type CommandsOptions, createCommands } from '../../../agent/commands/index.ts';
import type { Observation } from '../../../agent/duties/observe.ts';
import type { TaskTokens } from '../../../agent/machine/taskToken.ts';
import { type CommandEnvelope, type Description, encodeCommand, type Outcome } from '../../../agent/protocol.ts';
import { eventually } from '../../cluster/cluster.ts';

let state: string;
let delivered: [token: string, outcome: Outcome][];
let looks: number;
let healthy: boolean;
let events: string[];

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'agent-state-'));
  delivered = [];
  looks = 0;
  events = [];
  healthy = true;
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

/** What Step Functions would be told. */
const tokens: TaskTokens = {
  heartbeat: async () => true,
  finish: async (token, outcome) => void delivered.push([token, outcome]),
};

const observation = (): Observation => ({
  pid: 7,
  seen: {
    name: 'i-1',
    processRunning: true,
    crashLooping: false,
    serverVersion: '3.5.35',
    clusterVersion: '3.5.0',
    leaderId: 'a',
    learner: false,
    readAndWrite: healthy ? { ok: true } : { ok: false, error: 'no leader' },
    members: ['i-1'],
    alarms: [],
    offersHttp2: null,
  },
  member: { id: 'a', clusterId: 'c', clusterVersion: '3.5.0', isLeader: true, leaderId: 'a', members: [] },
  database: null,
});

function agent(told = tokens): CommandReceiver {
  return createCommands({
    state,
    tokens: told,
    log: (event) => void events.push(event),
    current: async () => ({ instanceId: 'i-1', phase: 'running', command: null }) as unknown as Description,
    health: {
      name: 'i-1',
      phase: () => ({ phase: 'running', reason: 'etcd is kept running' }),
      withDataMs: (timeoutMs) => timeoutMs,
      observe: async () => {
        looks++;
        return observation();
      },
    },
    // No command of an upgrade is sent here.
    upgrade: {} as CommandsOptions['upgrade'],
    tuning: { current: () => null, isPending: () => false },
  });
}

const wait = (more: Partial<CommandEnvelope<'awaitHealthy'>> = {}): string =>
  encodeCommand({
    command: 'awaitHealthy',
    id: 'run/awaitHealthy/i-1/1',
    input: { members: ['i-1'], etcdVersion: '3.5.35', timeoutMs: 60_000 },
    ...more,
  });

describe('the agent', () => {
  test('finishes the state that waits, by its task token', async () => {
    expect(await agent().receive(wait({ taskToken: 'one' }))).toMatchObject({ accepted: true });
    await eventually('delivered', async () => delivered.length === 1);
    expect(delivered).toEqual([
      ['one', { status: 'succeeded', result: expect.objectContaining({ member: 'i-1', memberId: 'a' }) }],
    ]);
  });

  test('runs a repeated command once and tells each of its tokens', async () => {
    healthy = false;
    const receiver = agent();
    await receiver.receive(wait({ taskToken: 'one' }));
    await receiver.receive(wait({ taskToken: 'two' }));
    healthy = true;
    await eventually('delivered', async () => delivered.length === 2);
    expect(delivered.map(([token]) => token)).toEqual(['one', 'two']);

    const looked = looks;
    await agent().receive(wait({ taskToken: 'three' }));
    await eventually('delivered from the ledger', async () => delivered.length === 3);
    expect(looks).toBe(looked);
  });

  test('goes on after it was killed with what it had begun', async () => {
    healthy = false;
    await agent().receive(wait({ taskToken: 'one' }));
    agent().resume();
    healthy = true;
    // The first one goes on as well here, where nothing really killed it.
    await eventually('both ended', async () => events.filter((event) => event === 'command ended').length === 2);
    expect(new Set(delivered.map(([token]) => token))).toEqual(new Set(['one']));
  });

  test('that was killed before an outcome was delivered delivers it', async () => {
    const lost: TaskTokens = { ...tokens, finish: () => new Promise(() => {}) };
    await agent(lost).receive(wait({ taskToken: 'one' }));
    await eventually('ended', async () => looks > 0);
    const looked = looks;
    await eventually('delivered by the next agent', async () => {
      if (delivered.length === 0) agent().resume();
      return delivered.length > 0;
    });
    expect(delivered[0]).toEqual(['one', expect.objectContaining({ status: 'succeeded' })]);
    expect(looks).toBe(looked);
    agent().resume();
    expect(delivered).toHaveLength(1);
  });

  test('fails at the deadline with what was missing, and remembers it', async () => {
    healthy = false;
    const input = { members: ['i-1'], etcdVersion: '3.5.35', timeoutMs: 1 };
    const reply = await agent().receive(wait({ input }));
    expect(reply).toMatchObject({
      accepted: true,
      entry: { outcome: { status: 'failed', fault: 'MemberNotHealthy', cause: expect.stringContaining('no leader') } },
    });
    expect(await agent().receive(wait({ input }))).toEqual(reply);
  });

  test('tells what became of an earlier command', async () => {
    const receiver = agent();
    await receiver.receive(wait());
    const asked = { command: 'describe', id: 'look', input: { commandId: 'run/awaitHealthy/i-1/1' } } as const;
    expect(await receiver.receive(encodeCommand(asked))).toMatchObject({
      entry: { outcome: { status: 'succeeded', result: { command: { outcome: { status: 'succeeded' } } } } },
    });
  });

  test('refuses a command of an operation that lost the lock', async () => {
    await agent().receive(wait({ id: 'a', fencingToken: 7 }));
    expect(await agent().receive(wait({ id: 'b', fencingToken: 6 }))).toMatchObject({
      accepted: false,
      fault: 'StaleToken',
      cause: expect.stringContaining('the fencing token 6, but 7 was seen'),
    });
    expect(await agent().receive(wait({ id: 'c', fencingToken: 7 }))).toMatchObject({ accepted: true });
  });

  test('refuses what is malformed and notes nothing', async () => {
    expect(await agent().receive('%%%')).toMatchObject({ accepted: false, fault: 'InvalidInput' });
  });
});
