/** Executions of Step Functions, with the fields that the page, `npm start` and the tasks read of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  DescribeStateMachineForExecutionCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startMoto } from '../../../moto.ts';
import { errorOf, type Target, targets } from './target.ts';

jest.setTimeout(120_000);

/** moto's server interprets a machine only where it is told so. */
async function openMotoThatExecutes(): Promise<Target> {
  // No task of these machines calls anything, so nothing listens there.
  const moto = await startMoto({ taskPort: 1 });
  const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'none' };
  return {
    client: { endpoint: moto.endpoint, region: 'eu-west-1', credentials, maxAttempts: 1 },
    close: async () => moto.stop(),
  };
}

const both = targets.map(([name, open]) => [name, name === 'moto' ? openMotoThatExecutes : open] as const);
const roleArn = 'arn:aws:iam::123456789012:role/states';
const definition = {
  StartAt: 'Choose the members',
  States: {
    'Choose the members': { Type: 'Pass', Result: ['a', 'b'], ResultPath: '$.members', Next: 'Each member' },
    'Each member': {
      Type: 'Map',
      ItemsPath: '$.members',
      MaxConcurrency: 1,
      ItemProcessor: { StartAt: 'Check it', States: { 'Check it': { Type: 'Pass', End: true } } },
      ResultPath: '$.checked',
      Next: 'Done',
    },
    Done: { Type: 'Succeed' },
  },
};
const failing = {
  StartAt: 'Give up',
  States: { 'Give up': { Type: 'Fail', Error: 'QuorumAtRisk', Cause: 'two of three' } },
};
const waiting = { StartAt: 'Wait', States: { Wait: { Type: 'Wait', Seconds: 600, End: true } } };

describe.each(both)('Step Functions of %s', (name, open) => {
  const expected = <Value>(aws: Value, moto: Value): Value => (name === 'moto' ? moto : aws);
  let target: Target;
  let states: SFNClient;
  beforeAll(async () => {
    target = await open();
    states = new SFNClient(target.client);
  });
  afterAll(() => target.close());

  const create = async (machine: string, what: object): Promise<string> => {
    const created = new CreateStateMachineCommand({ name: machine, definition: JSON.stringify(what), roleArn });
    return (await states.send(created)).stateMachineArn ?? '';
  };
  const start = async (stateMachineArn: string, execution: string, input: unknown = {}): Promise<string> => {
    const started = new StartExecutionCommand({ stateMachineArn, name: execution, input: JSON.stringify(input) });
    return (await states.send(started)).executionArn ?? '';
  };
  async function ended(executionArn: string): Promise<DescribeExecutionCommandOutput> {
    for (;;) {
      const described = await states.send(new DescribeExecutionCommand({ executionArn }));
      if (described.status !== 'RUNNING') return described;
      await sleep(20);
    }
  }
  async function history(executionArn: string): Promise<HistoryEvent[]> {
    return (await states.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }))).events ?? [];
  }

  test('an execution that succeeds', async () => {
    const stateMachineArn = await create('good', definition);
    const executionArn = await start(stateMachineArn, 'first', { cluster: 'etcd' });
    expect(executionArn).toBe('arn:aws:states:eu-west-1:123456789012:execution:good:first');
    const { output, ...described } = await ended(executionArn);
    expect(described).toMatchObject({
      executionArn,
      stateMachineArn,
      name: 'first',
      status: 'SUCCEEDED',
      input: '{"cluster":"etcd"}',
      startDate: expect.any(Date),
      stopDate: expect.any(Date),
    });
    expect([described.error, described.cause]).toEqual([undefined, undefined]);
    const checked = { cluster: 'etcd', members: ['a', 'b'], checked: ['a', 'b'] };
    expect(JSON.parse(output ?? '')).toEqual(checked);

    const events = await history(executionArn);
    expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1));
    for (const { id, previousEventId, timestamp } of events) {
      expect(previousEventId).toBeLessThan(id ?? 0);
      expect(timestamp).toBeInstanceOf(Date);
    }
    expect(events.map(read)).toEqual([
      { type: 'ExecutionStarted', input: { cluster: 'etcd' } },
      { type: 'PassStateEntered', name: 'Choose the members', input: { cluster: 'etcd' } },
      { type: 'PassStateExited', name: 'Choose the members', output: { cluster: 'etcd', members: ['a', 'b'] } },
      { type: 'MapStateEntered', name: 'Each member', input: { cluster: 'etcd', members: ['a', 'b'] } },
      { type: 'MapStateStarted', length: 2 },
      ...[0, 1].flatMap((index) => [
        { type: 'MapIterationStarted', name: 'Each member', index },
        { type: 'PassStateEntered', name: 'Check it', input: 'ab'[index] },
        { type: 'PassStateExited', name: 'Check it', output: 'ab'[index] },
        { type: 'MapIterationSucceeded', name: 'Each member', index },
      ]),
      { type: 'MapStateSucceeded' },
      { type: 'MapStateExited', name: 'Each member', output: checked },
      { type: 'SucceedStateEntered', name: 'Done', input: checked },
      { type: 'SucceedStateExited', name: 'Done', output: checked },
      { type: 'ExecutionSucceeded', output: checked },
    ]);
  });

  test('an execution that fails', async () => {
    const executionArn = await start(await create('bad', failing), 'first');
    expect(await ended(executionArn)).toMatchObject({
      status: 'FAILED',
      error: 'QuorumAtRisk',
      cause: 'two of three',
      stopDate: expect.any(Date),
    });
    const last = (await history(executionArn)).at(-1);
    expect([last?.type, last?.executionFailedEventDetails]).toEqual([
      'ExecutionFailed',
      { error: 'QuorumAtRisk', cause: 'two of three' },
    ]);
  });

  test('lists of machines and executions, by status', async () => {
    const stateMachineArn = await create('listed', definition);
    const executionArn = await start(stateMachineArn, 'one');
    await ended(executionArn);
    const found = await states.send(new ListStateMachinesCommand({ maxResults: 1000 }));
    expect(found.stateMachines).toContainEqual(
      expect.objectContaining({ stateMachineArn, name: 'listed', type: 'STANDARD' }),
    );
    const list = async (statusFilter?: 'RUNNING' | 'SUCCEEDED') =>
      (await states.send(new ListExecutionsCommand({ stateMachineArn, ...(statusFilter && { statusFilter }) })))
        .executions;
    const summary = {
      executionArn,
      stateMachineArn,
      name: 'one',
      status: 'SUCCEEDED',
      startDate: expect.any(Date),
      stopDate: expect.any(Date),
    };
    expect(await list()).toEqual([expect.objectContaining(summary)]);
    expect(await list('SUCCEEDED')).toEqual([expect.objectContaining(summary)]);
    expect(await list('RUNNING')).toEqual([]);
    const machine = await states.send(new DescribeStateMachineForExecutionCommand({ executionArn }));
    expect(JSON.parse(machine.definition ?? '')).toEqual(definition);
    expect(machine).toMatchObject({ stateMachineArn, name: 'listed', roleArn });
  });

  test('a name that is taken, and an execution that is stopped', async () => {
    const stateMachineArn = await create('stopped', waiting);
    const executionArn = await start(stateMachineArn, 'one');
    expect(await errorOf(start(stateMachineArn, 'one', { other: true }))).toBe('ExecutionAlreadyExists');
    const stop = { executionArn, error: 'Enough', cause: 'by hand' };
    const { stopDate } = await states.send(new StopExecutionCommand(stop));
    expect(stopDate).toEqual(expected(expect.any(Date), undefined));
    const ending = await ended(executionArn);
    expect(ending).toMatchObject({ status: 'ABORTED', stopDate: expect.any(Date) });
    // moto's interpreter forgets why.
    expect([ending.error, ending.cause]).toEqual(expected<unknown>(['Enough', 'by hand'], [undefined, undefined]));
  });
});

/** What our code reads of an event. */
function read(event: HistoryEvent): object {
  const parsed = (text: string | undefined): unknown => (text === undefined ? undefined : JSON.parse(text));
  const { stateEnteredEventDetails: entered, stateExitedEventDetails: exited } = event;
  const iteration = event.mapIterationStartedEventDetails ?? event.mapIterationSucceededEventDetails;
  const fields = {
    type: event.type,
    name: entered?.name ?? exited?.name ?? iteration?.name,
    input: parsed(entered?.input ?? event.executionStartedEventDetails?.input),
    output: parsed(exited?.output ?? event.executionSucceededEventDetails?.output),
    length: event.mapStateStartedEventDetails?.length,
    index: iteration?.index,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
