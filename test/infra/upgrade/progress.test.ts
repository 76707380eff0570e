/** What an upgrade says while it goes: the plan, hops, members, waits, and how long it may still take. */
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { remainingMs } from '../../../infra/upgrade/estimate.ts';
import { enteredNews, leftNews, quiet } from '../../../infra/upgrade/news.ts';
import { planText } from '../../../infra/upgrade/plan.ts';
import { entered, left, nothingYet, outcomes } from '../../../infra/upgrade/progress.ts';
import { statusLine } from '../../../infra/upgrade/screen.ts';
import { isCaught, stepOf } from '../../../infra/upgrade/steps.ts';
import { type Definition, definitionOf } from '../../workflows/definitions.ts';
import { minor, names, patch, plan, Tale } from './tale.ts';

jest.setTimeout(120_000);

const [first, second, leader] = names;

test('the plan says hops, gates, order, releases and time', () => {
  expect(planText(plan).split('\n')).toEqual([
    'Plan: cluster night from 3.5.31 to 3.6.16 in 2 hops, about 40 s',
    '  1. 3.5.31 to 3.5.35, a patch',
    '  2. 3.5.35 to 3.6.16',
    '     emptyV2Store (planned): 3.6 does not start with v2 keys [etcd #1]',
    '  Members, in this order as it would be now:',
    '    i-0000000a  3.5.31',
    '    i-0000000b  3.5.31',
    '    i-0000000c  3.5.31  leads',
    '  Last backup: 2026-01-01T00:00:00.000Z, backups/token/2026.db; another one is made before each minor',
    '  Releases: 3.5.35 (the cluster’s bucket), 3.6.16 (the etcd project)',
  ]);
  expect(planText({ ...plan, hops: [] })).toBe('Plan: every member of night runs 3.6.16 already');
});

test('an upgrade is told hop by hop and member by member', () => {
  const tale = new Tale().begun().hop(patch, 0, 2);
  tale.step('entered', 'Make the release present on every member').step('entered', 'Install the release');
  tale.member(first, '3.5.35', 800, 5).member(second, '3.5.35', 0, 5);
  tale.step('entered', 'Pause before the next member', { pauseBetweenMembersSeconds: 0 });
  tale.member(leader, '3.5.35', 900, 5).hopDone().hop(minor, 1, 1);
  tale.step('entered', 'Back up the cluster', { backups: [{}] });
  tale.step('left', 'Back up the member', { done: { member: first, key: 'backups/x.db', bytes: 20480 } });
  tale.step('entered', 'Pause before the next member', { pauseBetweenMembersSeconds: 30 });
  tale.step('left', 'Wait until every member reports the new cluster version', { hop: minor });
  const [planned, ...rest] = tale.lines;
  expect(planned).toMatch(/^ {3}0:02 {2}Plan: cluster night/);
  expect(rest).toEqual([
    '   0:03  The operation lock is held',
    '   0:04  Hop 1 of 2: 3.5.31 to 3.5.35, a patch',
    '   0:05    Make the release present on every member',
    '   0:07    i-0000000a: upgrade, 1 of 3',
    '   0:12    i-0000000a: runs 3.5.35, 800 ms without etcd; about 60 s left',
    '   0:13    i-0000000b: upgrade, 2 of 3',
    '   0:18    i-0000000b: runs 3.5.35 already; about 45 s left',
    '   0:20    i-0000000c, which leads: upgrade, 3 of 3',
    '   0:25    i-0000000c: runs 3.5.35, 900 ms without etcd; about 35 s left',
    '   0:26  Hop 1 of 2 done; about 25 s left',
    '   0:27  Hop 2 of 2: 3.5.35 to 3.6.16',
    '   0:28    Back up the cluster',
    '   0:29    i-0000000a: 20 KiB backed up to backups/x.db',
    '   0:30    Pause before the next member: 30 s',
    '   0:31    every member reports the cluster version 3.6.0',
  ]);
});

test('what takes no time is not told, nor said to be going on', () => {
  const tale = new Tale().begun().hop({ ...patch, kind: 'restart' }, 0, 1);
  const { length } = tale.lines;
  expect(tale.lines.at(-1)).toBe('   0:04  Hop 1 of 1: 3.5.35 restarted');
  tale.step('entered', 'Back up the cluster', { backups: [] });
  tale.step('entered', 'Anything to do about the v2 store?').step('entered', 'Choose the next member');
  tale.step('entered', 'Pause before the next member', { pauseBetweenMembersSeconds: 0 });
  tale.step('entered', 'Pause before the next instance', { request: { pauseBetweenSeconds: 0 } });
  expect(tale.lines).toHaveLength(length);
  expect(tale.progress.doing).toBe('Back up the cluster');
});

test('a replaced instance is told with its successor', () => {
  const tale = new Tale().begun().hop(patch, 0, 1);
  tale.step('entered', 'Add an instance', { next: { old: first } });
  tale.step('left', 'Wait until a new member has joined', { successor: { instanceId: 'i-0000000d' } });
  tale.step('left', 'Note the replacement');
  expect(tale.lines.slice(-2)).toEqual([
    '   0:05    i-0000000a: add an instance first, 1 of 3',
    expect.stringContaining('  i-0000000a: replaced by i-0000000d'),
  ]);
});

test('a member that failed is not told as done', () => {
  const tale = new Tale()
    .begun()
    .hop(patch, 0, 2)
    .step('entered', 'Upgrade the member', { next: { member: first } });
  const { length } = tale.lines;
  tale.step('left', 'Upgrade the member', { failure: { Error: 'MemberNotUpgraded' } }).step('left', 'Climb one hop', {
    failure: {},
  });
  expect(tale.lines).toHaveLength(length);
  expect(tale.progress.hops).toMatchObject([{ endedAtMs: null, members: [{ endedAtMs: null }] }]);
});

describe('the time that is left', () => {
  test('is the plan’s before anything was measured', () => {
    expect(remainingMs(nothingYet, 0)).toBeNull();
    const tale = new Tale().planned();
    expect(remainingMs(tale.progress, tale.atMs)).toBe(40_000);
  });

  test('follows what was measured, and does not fall below what comes after a step that takes long', () => {
    const tale = new Tale().begun().hop(patch, 0, 2).member(first, '3.5.35', 1, 9);
    // 10 s each instead of 5; seven of eight are left.
    expect(remainingMs(tale.progress, tale.atMs)).toBe(70_000);
    expect(remainingMs(tale.progress, tale.atMs + 4_000)).toBe(66_000);
    expect(remainingMs(tale.progress, tale.atMs + 3_600_000)).toBe(60_000);
  });

  test('is nothing at the end', () => {
    const tale = new Tale().planned().step('entered', 'Nothing changed');
    expect(remainingMs(tale.progress, tale.atMs)).toBeNull();
  });
});

test('the line that changes says where it is now', () => {
  const tale = new Tale()
    .begun()
    .hop(patch, 0, 2)
    .step('entered', 'Upgrade the member', { next: { member: first } });
  expect(statusLine(tale.progress, tale.startedAtMs, tale.atMs)).toBe(
    '0:05 · hop 1 of 2, 3.5.31 to 3.5.35, a patch · i-0000000a · Upgrade the member · about 40 s left',
  );
});

test('a step is read from the history', () => {
  const timestamp = new Date(5);
  const step = stepOf({
    id: 1,
    timestamp,
    type: 'MapStateExited',
    stateExitedEventDetails: { name: 'x', output: '{"failure":1}' },
  });
  expect(step).toEqual({ state: 'x', type: 'left', isContainer: true, atMs: 5, data: { failure: 1 } });
  expect(step && isCaught(step)).toBe(true);
  expect(stepOf({ id: 2, timestamp, type: 'TaskScheduled' })).toBeNull();
});

describe('the states that are told apart by their names', () => {
  const states = new Set<string>();
  beforeAll(async () => {
    const collect = ({ States }: Definition): void => {
      for (const [name, { ItemProcessor, Branches = [] }] of Object.entries(States)) {
        states.add(name);
        for (const inner of [...(ItemProcessor ? [ItemProcessor] : []), ...Branches]) collect(inner);
      }
    };
    for (const machine of ['RollingUpgrade', 'UpgradeHop']) collect(await definitionOf(machine));
  });

  test.each([...quiet, ...[entered, left, outcomes, enteredNews, leftNews].flatMap((named) => Object.keys(named))])(
    '%s is one of the machines',
    (name) => expect([...states]).toContain(name),
  );
});
