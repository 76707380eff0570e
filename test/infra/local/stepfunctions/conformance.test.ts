/** The same machines here and under moto's interpreter: same status, output, error and path of states. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { motoMissing } from '../../../moto.ts';
import { type Case, cases, nestedMachines } from './conformance.cases.ts';
import { type Ending, type Lambda, named, openStates, type States } from './fixture.ts';
import { type MotoStates, openMotoStates, type Tokens } from './motoStates.ts';

/** moto may have to be installed first. */
jest.setTimeout(600_000);

/** Where moto does otherwise, what it does, and why ours is the one to keep. */
const deviations: Readonly<Record<string, { readonly moto: object; readonly reason: string }>> = {};

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
