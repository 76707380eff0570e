/** The table of what may happen to an upgrade has every state of both machines, as they are synthesized. */
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { catalogue } from '../../tasks/catalogue.ts';
import { upgradeFaults, upgradeStates, whyNot } from '../cluster/upgradeFaultTable.ts';
import { calledTasks } from './definitions.ts';

jest.setTimeout(120_000);

describe.each(['RollingUpgrade', 'UpgradeHop'] as const)('the states of %s', (machine) => {
  let called: Awaited<ReturnType<typeof calledTasks>>;
  beforeAll(async () => {
    called = await calledTasks(machine);
  });
  const rows = upgradeStates.filter((state) => state.machine === machine);

  test('that call a task are all in the table, once, with that task', () => {
    const sorted = (states: readonly { name: string; task: string; waits: boolean }[]) =>
      states.map(({ name, task, waits }) => `${name}: ${task}${waits ? ', waits' : ''}`).sort();
    expect(called.length).toBeGreaterThan(10);
    expect(sorted(rows)).toEqual(sorted(called));
  });
});

test('a path of the table has no task twice: a fault at a task is one at its state', () => {
  const tasks = upgradeStates.map(({ path, task }) => `${path}: ${task}`);
  expect(tasks).toEqual([...new Set(tasks)]);
});

describe('a fault', () => {
  test.each(upgradeFaults)('can happen somewhere: %s', (fault) => {
    expect(upgradeStates.some((state) => whyNot(fault, state) === null)).toBe(true);
  });

  test('that cannot happen at a state says why in a sentence', () => {
    const reasons = upgradeFaults.flatMap((fault) => upgradeStates.map((state) => whyNot(fault, state)));
    for (const reason of reasons) if (reason !== null) expect(reason).toMatch(/^[a-z][A-Za-z0-9]+ .+[a-z]\.$/);
  });

  test('goes by what a task may do', () => {
    const at = (task: keyof typeof catalogue, waits = false) =>
      upgradeFaults.filter((fault) => whyNot(fault, { task, waits }) === null);
    const always = ['its Lambda dies', 'the execution is stopped'];
    expect(at('explainFailure')).toEqual(always);
    expect(at('noteHop')).toEqual([...always, 'DynamoDB throttles it']);
    expect(at('chooseMember')).toEqual(upgradeFaults.filter((fault) => fault !== 'the agent’s answer is lost'));
    expect(at('upgradeMember', true)).toEqual(upgradeFaults.filter((fault) => fault !== 'DynamoDB throttles it'));
  });
});
