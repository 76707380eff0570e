/** The definition of RotateCertificateAuthority as it is synthesized. */
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import validate from 'asl-validator';
import { isFaultName } from '#etcd/faults.ts';
import { type Definition, definitionOf, type State, statesOf } from './definitions.ts';

jest.setTimeout(120_000);

let definition: Definition;
let states: readonly (readonly [string, State])[];
beforeAll(async () => {
  definition = await definitionOf('RotateCertificateAuthority');
  states = statesOf(definition);
});

const stateOf = (name: string): State => states.find(([other]) => other === name)?.[1] as State;

describe('RotateCertificateAuthority', () => {
  test('is valid Amazon States Language', () => {
    const { isValid, errorsText } = validate(definition);
    expect(errorsText('\n')).toBe('');
    expect(isValid).toBe(true);
  });

  test('ends in bounded time, and so does every wait in it', () => {
    const tasks = states.filter(([, { Type }]) => Type === 'Task');
    expect(tasks.length).toBeGreaterThan(10);
    for (const [name, { TimeoutSeconds }] of tasks) expect([name, TimeoutSeconds]).toEqual([name, expect.any(Number)]);
    const longest = tasks.reduce((sum, [, { TimeoutSeconds = 0, Resource = '' }]) => {
      return Resource.includes('startExecution') ? sum + TimeoutSeconds - 3_600 : sum;
    }, 0);
    expect(definition.TimeoutSeconds).toBeGreaterThanOrEqual(longest);
  });

  test('retries and catches only errors that there are', () => {
    for (const [name, { Retry = [], Catch = [] }] of states) {
      const errors = [...Retry, ...Catch].flatMap(({ ErrorEquals }) => ErrorEquals);
      const known =
        /^((States|Lambda|Runtime|Sandbox|StepFunctions)\.[A-Z]\w+|\w*Throttling\w*|\w+Exceeded(Exception)?)$/;
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

  test('changes what is trusted only before the members that have to follow', () => {
    const path = [
      'Trust both authorities',
      'Have every member trust both',
      'Sign with the wanted authority',
      'Clients know it?',
      'Have every member show certificates of it',
      'Trust the wanted authority alone',
      'Clients have left the other?',
      'Have every member forget the other',
      'Release the lock',
      'Certificate authority rotated',
    ];
    for (const [index, name] of path.slice(0, -1).entries()) {
      const { Next, Choices = [] } = stateOf(name);
      expect([name, Next ?? Choices[0]?.Next]).toEqual([name, path[index + 1]]);
    }
    expect(stateOf('Dry run only?').Choices).toEqual([expect.objectContaining({ Next: 'Nothing changed' })]);
    expect(stateOf('Dry run only?').Default).toBe('Take the operation lock');
  });

  test('frees the lock while clients are waited for, and keeps it after a failure', () => {
    for (const name of ['Tell who does not trust both', 'Tell who has certificates of the other'])
      expect(stateOf(name).Next).toBe('Release the lock meanwhile');
    expect(stateOf('Release the lock meanwhile').Next).toBe('Clients are waited for');
    const lock = states.findIndex(([name]) => name === 'Take the operation lock');
    expect(lock).toBeGreaterThan(0);
    const refused = ['Check the request', 'Ask for the authorities', 'Plan the rotation', 'Take the operation lock'];
    for (const [name, { Type, Catch }] of states) {
      if (Type !== 'Task' || name.startsWith('Explain')) continue;
      const Next = refused.includes(name) ? 'Explain the refusal' : 'Explain the failure';
      expect([name, Catch]).toEqual([name, [expect.objectContaining({ ErrorEquals: ['States.ALL'], Next })]]);
    }
    expect(stateOf('Explain the failure').Next).toBe('Rotation halted with the lock kept');
  });
});
