/** The definition of RotateInstances as it is synthesized. */
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import validate from 'asl-validator';
import { isFaultName } from '#etcd/faults.ts';
import { type Definition, definitionOf, type State, statesOf } from './definitions.ts';

jest.setTimeout(120_000);

let definition: Definition;
let states: readonly (readonly [string, State])[];
beforeAll(async () => {
  definition = await definitionOf('RotateInstances');
  states = statesOf(definition);
});

const stateOf = (name: string): State => states.find(([other]) => other === name)?.[1] as State;
const underLock = ['Replace the instances', 'Give the group back', 'Release the lock'];

describe('RotateInstances', () => {
  test('is valid Amazon States Language', () => {
    const { isValid, errorsText } = validate(definition);
    expect(errorsText('\n')).toBe('');
    expect(isValid).toBe(true);
  });

  test('ends in bounded time, and so does every wait in it', () => {
    const tasks = states.filter(([, { Type }]) => Type === 'Task');
    expect(tasks.length).toBeGreaterThan(15);
    for (const [name, state] of tasks) {
      expect([name, state.TimeoutSeconds]).toEqual([name, expect.any(Number)]);
      const waits = state.Resource?.endsWith('.waitForTaskToken') ?? false;
      expect([name, state.HeartbeatSeconds !== undefined]).toEqual([name, waits]);
    }
    const waits = tasks.filter(([, { HeartbeatSeconds }]) => HeartbeatSeconds !== undefined);
    const longest = waits.reduce((sum, [, { TimeoutSeconds = 0 }]) => sum + TimeoutSeconds, 0);
    expect(definition.TimeoutSeconds).toBeGreaterThan(3 * longest);
  });

  test('retries and catches only errors that there are', () => {
    for (const [name, { Retry = [], Catch = [] }] of states) {
      const errors = [...Retry, ...Catch].flatMap(({ ErrorEquals }) => ErrorEquals);
      const known = /^((States|Lambda|Runtime|Sandbox)\.[A-Z]\w+|\w*Throttling\w*|\w+Exceeded(Exception)?)$/;
      expect([name, errors.filter((error) => !isFaultName(error) && !known.test(error))]).toEqual([name, []]);
    }
  });

  test('has names that an operator reads: phrases, questions for choices', () => {
    for (const [name, { Type }] of states) {
      expect(name.length).toBeLessThanOrEqual(80);
      expect(name).toMatch(/^[A-Z][a-z]+( [a-z]+)*( [a-z?]+)$/);
      expect(name.endsWith('?')).toBe(Type === 'Choice');
    }
  });

  test('puts the group back after any failure under the lock, and touches nothing before it has the lock', () => {
    for (const name of underLock) {
      expect(stateOf(name).Catch).toEqual([
        expect.objectContaining({ ErrorEquals: ['States.ALL'], Next: 'Put the group back after the failure' }),
      ]);
    }
    for (const name of ['Check the request', 'Check the cluster', 'Take the operation lock'])
      expect(stateOf(name).Catch).toEqual([expect.objectContaining({ Next: 'Explain the refusal' })]);
    expect(stateOf('Dry run only?').Choices).toEqual([expect.objectContaining({ Next: 'Nothing changed' })]);
  });

  test('keeps the lock only where the state of the cluster is not clear, or nobody could look', () => {
    expect(stateOf('Cluster state clear?')).toMatchObject({
      Choices: [{ StringEquals: 'clear', Next: 'Release the lock after the failure' }],
      Default: 'Rotation failed with the lock kept',
    });
    for (const name of ['Put the group back after the failure', 'Judge the cluster after the failure'])
      expect(stateOf(name).Catch).toEqual([expect.objectContaining({ Next: 'Take the state for unclear' })]);
  });

  test('ends every failure with a fault and a cause', () => {
    const fails = states.filter(([, { Type }]) => Type === 'Fail');
    expect(fails).toHaveLength(3);
    for (const [, { ErrorPath, CausePath }] of fails) {
      expect(ErrorPath).toBe('$.explanation.error');
      expect(CausePath).toContain('$.explanation.cause');
    }
  });
});

/** A state's events in the history: entered and exited, and those of its call. */
function eventsOf({ Type, Resource = '' }: State): number {
  if (Type !== 'Task') return 2;
  return Resource.endsWith('.waitForTaskToken') ? 6 : 5;
}

/** Of each attempt that ended with a function's error: scheduled, started, failed. */
const eventsOfRetry = 3;
/** Retriers of what may happen in good order: a newcomer that Systems Manager does not know yet, an agent that restarts. */
const expectedRetries = ({ Retry = [] }: State) =>
  Retry.filter(({ ErrorEquals }) => ErrorEquals.includes('InstanceNotReachable')).reduce(
    (sum, { MaxAttempts = 3 }) => sum + MaxAttempts,
    0,
  );

describe('one member', () => {
  const cycle = (): string[] => {
    const names: string[] = [];
    let name = 'Choose the next instance';
    do {
      names.push(name);
      const state = stateOf(name);
      name = state.Choices?.find(({ StringEquals }) => StringEquals === 'replace')?.Next ?? state.Next ?? '';
    } while (name !== 'Choose the next instance' && names.length < 50);
    return names;
  };

  test('goes through each state once', () => {
    expect(cycle()).toEqual([
      'Choose the next instance',
      'Another instance to replace?',
      'Add an instance',
      'Wait until a new member has joined',
      'Wait until the new member is healthy',
      'Terminate the old instance',
      'Wait until the old member has left',
      'Note the replacement',
      'Pause before the next instance',
    ]);
  });

  test('costs at most 12 transitions and 60 events, however long it waits', () => {
    expect(cycle().length).toBeLessThanOrEqual(12);
    const events = cycle().reduce((sum, name) => sum + eventsOf(stateOf(name)), 0);
    const retries = cycle().reduce((sum, name) => sum + expectedRetries(stateOf(name)), 0);
    expect(events).toBeGreaterThan(30);
    expect(events + retries * eventsOfRetry).toBeLessThanOrEqual(60);
  });
});
