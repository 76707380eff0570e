/** The definitions of RollingUpgrade and UpgradeHop as they are synthesized. */
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import validate from 'asl-validator';
import { isFaultName } from '#etcd/faults.ts';
import { type Definition, definitionOf, type State, statesOf } from './definitions.ts';

jest.setTimeout(120_000);

let upgrade: Definition;
let hop: Definition;
beforeAll(async () => {
  [upgrade, hop] = await Promise.all([definitionOf('RollingUpgrade'), definitionOf('UpgradeHop')]);
});

const all = (definition: Definition) => statesOf(definition);
const stateOf = (definition: Definition, name: string): State =>
  all(definition).find(([other]) => other === name)?.[1] as State;

describe.each([
  ['RollingUpgrade', () => upgrade],
  ['UpgradeHop', () => hop],
] as const)('%s', (_name, definition) => {
  test('is valid Amazon States Language', () => {
    const { isValid, errorsText } = validate(definition());
    expect(errorsText('\n')).toBe('');
    expect(isValid).toBe(true);
  });

  test('ends in bounded time, and so does every wait in it', () => {
    const tasks = all(definition()).filter(([, { Type }]) => Type === 'Task');
    expect(tasks.length).toBeGreaterThan(10);
    for (const [name, state] of tasks) {
      expect([name, state.TimeoutSeconds]).toEqual([name, expect.any(Number)]);
      const waits = state.Resource?.endsWith('.waitForTaskToken') ?? false;
      expect([name, state.HeartbeatSeconds !== undefined]).toEqual([name, waits]);
      expect(definition().TimeoutSeconds).toBeGreaterThan(state.TimeoutSeconds ?? 0);
    }
  });

  test('retries and catches only errors that there are', () => {
    for (const [name, { Retry = [], Catch = [] }] of all(definition())) {
      const errors = [...Retry, ...Catch].flatMap(({ ErrorEquals }) => ErrorEquals);
      const known =
        /^((States|Lambda|Runtime|Sandbox|StepFunctions)\.[A-Z]\w+|\w*Throttling\w*|\w+Exceeded(Exception)?)$/;
      expect([name, errors.filter((error) => !isFaultName(error) && !known.test(error))]).toEqual([name, []]);
    }
  });

  test('has names that an operator reads: phrases, questions for choices', () => {
    for (const [name, { Type }] of all(definition())) {
      expect(name.length).toBeLessThanOrEqual(80);
      expect(name).toMatch(/^[A-Z][a-z]+( [a-z0-9]+)*( [a-z0-9?]+)$/);
      expect(name.endsWith('?')).toBe(Type === 'Choice');
    }
  });

  test('ends every failure with a fault and a cause', () => {
    for (const [, { ErrorPath, CausePath }] of all(definition()).filter(([, { Type }]) => Type === 'Fail')) {
      expect(ErrorPath).toBe('$.explanation.error');
      expect(CausePath).toContain('$.explanation.cause');
    }
  });
});

describe('RollingUpgrade', () => {
  test('touches nothing before it has the lock, and keeps it after any failure under it', () => {
    for (const name of ['Check the request', 'Plan the upgrade', 'Take the operation lock'])
      expect(stateOf(upgrade, name).Catch).toEqual([expect.objectContaining({ Next: 'Explain the refusal' })]);
    for (const name of [
      'Begin the upgrade',
      'Choose the next hop',
      'Climb one hop',
      'End the upgrade',
      'Release the lock',
    ])
      expect(stateOf(upgrade, name).Catch).toEqual([
        expect.objectContaining({ ErrorEquals: ['States.ALL'], Next: 'Explain the failure' }),
      ]);
    expect(stateOf(upgrade, 'Explain the failure').Next).toBe('Upgrade halted with the lock kept');
    expect(stateOf(upgrade, 'Dry run only?').Choices).toEqual([expect.objectContaining({ Next: 'Nothing changed' })]);
  });
});

describe('UpgradeHop', () => {
  test('makes sure of the release, a backup and the v2 store before it touches a member', () => {
    expect(hop.StartAt).toBe('Make the release present on every member');
    expect(stateOf(hop, 'Make the release present on every member').Next).toBe('Back up the cluster');
    expect(stateOf(hop, 'Back up the cluster').Next).toBe('Anything to do about the v2 store?');
    expect(stateOf(hop, 'Check that the v2 store of every member is empty').Next).toBe('Replace the instances?');
  });

  test('gives the group back after instances were replaced, whatever became of it', () => {
    for (const name of ['Replace the instances', 'Give the group back'])
      expect(stateOf(hop, name).Catch).toEqual([
        expect.objectContaining({ Next: 'Put the group back after the failure' }),
      ]);
  });

  test('costs at most 12 transitions and 60 events for a member, however long it waits', () => {
    const cycle = [
      'Choose the next member',
      'Another member to upgrade?',
      'Upgrade the member',
      'Pause before the next member',
    ];
    for (const [index, name] of cycle.entries()) {
      const { Next, Choices = [] } = stateOf(hop, name);
      expect([Next, ...Choices.map((choice) => choice.Next)]).toContain(cycle[(index + 1) % cycle.length]);
    }
    // For each member: one iteration of the maps that install, look through, wait and have a snapshot taken.
    const inMaps = [
      'Install the release',
      'Look through the v2 store',
      'Wait until the member reports it',
      'Have the member take a raft snapshot',
    ];
    expect(cycle.length + inMaps.length).toBeLessThanOrEqual(12);
    const events = [...cycle, ...inMaps].map((name) => eventsOf(stateOf(hop, name)));
    // An iteration of a map is started and ends.
    const sum = events.reduce((total, count) => total + count, 0) + 2 * inMaps.length;
    expect(sum).toBeGreaterThan(30);
    expect(sum).toBeLessThanOrEqual(60);
  });
});

/** A state's events in the history: entered and exited, and those of its call. */
function eventsOf({ Type, Resource = '' }: State): number {
  if (Type !== 'Task') return 2;
  return Resource.endsWith('.waitForTaskToken') ? 6 : 5;
}
