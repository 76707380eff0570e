/** The definition of ClusterBootstrap as it is synthesized. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import validate from 'asl-validator';
import { isFaultName } from '#etcd/faults.ts';
import { synthesizedAssembly } from '../../infra/local/start/assembly.ts';

jest.setTimeout(120_000);

interface State {
  readonly Type: string;
  readonly TimeoutSeconds?: number;
  readonly HeartbeatSeconds?: number;
  readonly Resource?: string;
  readonly Retry?: readonly { readonly ErrorEquals: readonly string[]; readonly MaxDelaySeconds?: number }[];
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[] }[];
  readonly ItemProcessor?: Definition;
  readonly ErrorPath?: string;
}
interface Definition {
  readonly StartAt: string;
  readonly TimeoutSeconds?: number;
  readonly States: Readonly<Record<string, State>>;
}

let definition: Definition;
let states: readonly (readonly [string, State])[];

beforeAll(async () => {
  const template = JSON.parse(readFileSync(join(await synthesizedAssembly({}), 'etcd-etcd.template.json'), 'utf8')) as {
    Resources: Record<string, { Type: string; Properties: { DefinitionString: { 'Fn::Join': [string, unknown[]] } } }>;
  };
  const machine = Object.values(template.Resources).find(({ Type }) => Type === 'AWS::StepFunctions::StateMachine');
  const parts = machine?.Properties.DefinitionString['Fn::Join'][1] ?? [];
  const partition = (part: unknown) => JSON.stringify(part) === '{"Ref":"AWS::Partition"}';
  const arn = 'arn:aws:lambda:eu-west-1:123456789012:function:task';
  definition = JSON.parse(
    parts.map((part) => (typeof part === 'string' ? part : partition(part) ? 'aws' : arn)).join(''),
  ) as Definition;
  states = statesOf(definition);
});

function statesOf({ States }: Definition): (readonly [string, State])[] {
  return Object.entries(States).flatMap(([name, state]) => [
    [name, state] as const,
    ...(state.ItemProcessor === undefined ? [] : statesOf(state.ItemProcessor)),
  ]);
}

describe('ClusterBootstrap', () => {
  test('is valid Amazon States Language', () => {
    const { isValid, errorsText } = validate(definition);
    expect(errorsText('\n')).toBe('');
    expect(isValid).toBe(true);
  });

  test('ends in bounded time, and so does every wait in it', () => {
    expect(definition.TimeoutSeconds).toBeGreaterThan(0);
    for (const [name, state] of states.filter(([, { Type }]) => Type === 'Task')) {
      expect([name, state.TimeoutSeconds]).toEqual([name, expect.any(Number)]);
      const waits = state.Resource?.endsWith('.waitForTaskToken') ?? false;
      expect([name, state.HeartbeatSeconds !== undefined]).toEqual([name, waits]);
    }
  });

  test('retries and catches only errors that there are, and retries with bounded pauses', () => {
    for (const [name, { Retry = [], Catch = [] }] of states) {
      const errors = [...Retry, ...Catch].flatMap(({ ErrorEquals }) => ErrorEquals);
      const unknown = errors.filter(
        (error) =>
          !isFaultName(error) &&
          !/^((States|Lambda|Runtime|Sandbox)\.[A-Z]\w+|\w*Throttling\w*|\w+Exceeded(Exception)?)$/.test(error),
      );
      expect([name, unknown]).toEqual([name, []]);
    }
  });

  test('has names that an operator reads: phrases, questions for choices', () => {
    for (const [name, { Type }] of states) {
      expect(name.length).toBeLessThanOrEqual(80);
      expect(name).toMatch(/^[A-Z][a-z]+( [a-z]+)*( [a-z?]+)$/);
      expect(name.endsWith('?')).toBe(Type === 'Choice');
    }
  });

  test('fails with a fault and a cause that were explained', () => {
    const fails = states.filter(([, { Type }]) => Type === 'Fail');
    expect(fails.length).toBeGreaterThan(0);
    for (const [, { ErrorPath }] of fails) expect(ErrorPath).toBeDefined();
  });
});
