/** The same machines here and under moto's interpreter: same status, output, error and path of states. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { motoMissing } from '../../../moto.ts';
import type { Case } from './conformance/case.ts';
import { cases } from './conformance/cases.ts';
import { choiceInput } from './conformance/choices.ts';
import { nestedMachines } from './conformance/flow.ts';
import { type Ending, type Lambda, named, openStates, type States } from './fixture.ts';
import { type MotoStates, openMotoStates, type Tokens } from './motoStates.ts';

/** moto may have to be installed first. */
jest.setTimeout(600_000);

/** As a case ends that moto catches. */
const caught = { status: 'SUCCEEDED', error: undefined, path: ['Try', 'Caught'] };

/** Where moto does otherwise, what it does, and why ours is the one to keep. */
const deviations: Readonly<Record<string, { readonly moto: object; readonly reason: string }>> = {
  'a ResultPath that does not fit': {
    moto: { error: 'States.Runtime' },
    reason: 'AWS has States.ResultPathMatchFailure for it; moto reports whatever Python raised as States.Runtime',
  },
  'an intrinsic that fails': {
    moto: { error: 'States.Runtime' },
    reason: 'AWS has States.IntrinsicFailure for it; moto reports whatever Python raised as States.Runtime',
  },
  'intrinsic array': {
    moto: { output: { result: [5, 'Ada', true] } },
    reason: 'AWS: "the values of the arguments, in the order provided"; moto loses an argument that is null',
  },
  'Catch does not catch States.Runtime': {
    moto: { ...caught, output: { Error: 'States.Runtime', Cause: expect.any(String) } },
    reason: 'AWS: "a retry or catch on States.ALL will not catch States.Runtime errors"',
  },
  'a result over 256 KiB': {
    moto: { ...caught, output: { Error: 'States.DataLimitExceeded', Cause: expect.any(String) } },
    reason: 'AWS: "a terminal error that the States.ALL error type cannot catch"',
  },
  'no choice that holds': {
    moto: { error: 'States.Runtime' },
    reason: 'AWS has States.NoChoiceMatched for it; moto reports whatever Python raised as States.Runtime',
  },
  'Map of no array': {
    moto: { error: 'States.QueryEvaluationError' },
    reason: 'AWS: that error is one of JSONata expressions, and there is none here',
  },
  'the item of a Map, in a Parallel in it': {
    moto: { status: 'FAILED', error: 'States.Runtime', output: undefined, path: expect.any(Array) },
    reason:
      'AWS: the context object has the item while a Map is processed; moto forgets it in the branches of a Parallel',
  },
  'nested execution': {
    moto: { status: 'FAILED', error: 'States.Runtime', output: undefined },
    reason: 'moto hands StateMachineArn to boto3, which wants stateMachineArn: no nested execution starts at all',
  },
  'nested execution that fails': {
    moto: { error: 'States.Runtime' },
    reason: 'moto hands StateMachineArn to boto3, which wants stateMachineArn: no nested execution starts at all',
  },
  [`Choice ${JSON.stringify({ Variable: '$.star', StringMatches: 'log-1\\*.txt' })}`]: {
    moto: { path: ['Ask', 'No'] },
    reason: String.raw`AWS: "To use the * character as a literal, precede it with \\"; moto does not know the backslash`,
  },
  [`Choice ${JSON.stringify({ Variable: '$.missing', StringEquals: 'b' })}`]: {
    moto: { status: 'SUCCEEDED', error: undefined, output: choiceInput, path: ['Ask', 'No'] },
    reason: 'AWS fails the execution: "The choice state\'s condition path references an invalid value"',
  },
};

function lambdas({ succeed, fail }: Tokens): Record<string, Lambda> {
  const failures = new Map<string, number>();
  return {
    echo: (payload) => payload,
    fail: ({ name }: { name: string }) => {
      throw named(name);
    },
    flaky: ({ id, failures: wanted }: { id: string; failures: number }) => {
      const before = failures.get(id) ?? 0;
      failures.set(id, before + 1);
      if (before < wanted) throw named('Flaky');
      return before;
    },
    large: () => 'x'.repeat(300_000),
    slow: () => new Promise((resolve) => setTimeout(resolve, 3000, null).unref()),
    answer: async ({ token, output }: { token: string; output: unknown }) => {
      await succeed(token, output);
      return null;
    },
    refuse: async ({ token }: { token: string }) => {
      await fail(token, 'Refused', 'no');
      return null;
    },
  };
}

const compared = ({ status, output, error, path }: Omit<Ending, 'arn'>, { unordered }: Case) => ({
  status,
  output,
  error,
  path: unordered ? path.toSorted() : path,
});

const skip = motoMissing();
(skip ? describe.skip : describe)('like moto', () => {
  let ours: States;
  let theirs: MotoStates;
  const nested: Record<'ours' | 'theirs', Record<string, string>> = { ours: {}, theirs: {} };

  beforeAll(async () => {
    ours = openStates(
      lambdas({
        succeed: (taskToken, output) => ours.call('SendTaskSuccess', { taskToken, output: JSON.stringify(output) }),
        fail: (taskToken, error, cause) => ours.call('SendTaskFailure', { taskToken, error, cause }),
      }),
    );
    theirs = await openMotoStates(lambdas);
    for (const [name, definition] of Object.entries(nestedMachines)) {
      nested.ours[name] = ours.createMachine(definition);
      nested.theirs[name] = await theirs.createMachine(definition);
    }
  });
  afterAll(async () => {
    await ours.stop();
    await theirs.stop();
  });

  const withArns = (definition: object, arns: Record<string, string>): object =>
    JSON.parse(JSON.stringify(definition).replace(/nested:\w+/g, (name) => arns[name] ?? name));

  test.each(cases)('$name', async (each) => {
    const input = each.input ?? {};
    const [mine, other] = await Promise.all([
      ours.run(withArns(each.definition, nested.ours), input),
      theirs.run(withArns(each.definition, nested.theirs), input),
    ]);
    const deviation = deviations[each.name]?.moto ?? {};
    expect(compared(other, each)).toEqual({ ...compared(mine, each), ...deviation });
  });

  test('each deviation is one of a case', () => {
    const names = cases.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of Object.keys(deviations)) expect(names).toContain(name);
  });
});
