import { describe, expect, test } from '@jest/globals';
import { hashOf, selectionOf } from '../../../../infra/local/page/browser/selection.ts';
import {
  bytesOf,
  countOf,
  duration,
  executionNamed,
  lockWords,
  pretty,
  stateLabel,
  statusLine,
  waysOut,
} from '../../../../infra/local/page/browser/words.ts';
import type { ExecutionView, StateProgress } from '../../../../infra/local/page/views.ts';

const visits = { running: 0, succeeded: 0, failed: 0, caught: 0, aborted: 0 };
const state = (name: string, changes: Partial<StateProgress> = {}): StateProgress => ({
  name,
  type: 'Task',
  status: 'waiting',
  entered: 0,
  retries: 0,
  visits,
  outOf: null,
  iterations: null,
  ...changes,
});
const execution = (status: string, states: StateProgress[], changes: Partial<ExecutionView> = {}): ExecutionView => ({
  executionArn: 'a',
  stateMachineArn: 'm',
  name: 'n',
  status,
  startDate: '2026-01-01T00:00:00.000Z',
  stopDate: null,
  input: null,
  output: null,
  error: null,
  cause: null,
  states,
  ...changes,
});
const ended = { stopDate: '2026-01-01T00:00:12.340Z' };
const map = state('Each', {
  type: 'Map',
  status: 'running',
  iterations: { total: 3, running: 1, succeeded: 2, failed: 0, aborted: 0 },
});
const inside = state('Wait', { status: 'running', outOf: 3, visits: { ...visits, running: 1, succeeded: 2 } });

describe('statusLine', () => {
  test.each([
    [execution('RUNNING', [state('A')]), 'Running'],
    [execution('RUNNING', [state('A', { status: 'running' })]), 'Running: A'],
    [execution('RUNNING', [map, inside]), 'Running: Wait 2/3'],
    [execution('RUNNING', [map, state('Wait')]), 'Running: Each 2/3'],
    [execution('SUCCEEDED', [], ended), 'Succeeded after 12.3 s'],
    [
      execution('FAILED', [state('A', { status: 'failed' })], { ...ended, error: 'E', cause: 'C' }),
      'Failed in A after 12.3 s. E: C',
    ],
    [execution('ABORTED', [state('A', { status: 'aborted' })], ended), 'Stopped in A after 12.3 s'],
    [execution('TIMED_OUT', [], { error: 'States.Timeout' }), 'Timed out. States.Timeout'],
  ])('%#', (view, line) => {
    expect(statusLine(view)).toBe(line);
  });
});

test('a count is shown where there are several', () => {
  expect(countOf(map)).toBe('2/3');
  expect(countOf(inside)).toBe('2/3');
  expect(countOf(state('A'))).toBe('');
  expect(countOf({ ...inside, outOf: 1 })).toBe('');
});

test('a label says status, count and retries', () => {
  expect(stateLabel({ ...inside, retries: 2 })).toBe('Wait: running, 2 of 3 done, 2 retries');
  expect(stateLabel(state('A', { status: 'caught', retries: 1 }))).toBe('A: failed, caught, 1 retry');
});

test.each([
  [-5, '0 ms'],
  [340, '340 ms'],
  [59_999, '59.9 s'],
  [245_000, '4 min 5 s'],
  [7_380_000, '2 h 3 min'],
])('%i ms is %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test('JSON is laid out, other text is not touched', () => {
  expect(pretty('{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(pretty('no json')).toBe('no json');
});

test('a selection survives the address', () => {
  const selection = { execution: 'arn:aws:states:us-east-1:0:execution:m:n', state: 'All on 3.6? & "more" #1' };
  expect(selectionOf(hashOf(selection))).toEqual(selection);
  expect(selectionOf('')).toEqual({ execution: null, state: null });
});

test.each([
  [0, '0 KiB'],
  [20_480, '20 KiB'],
  [1.5 * 1024 ** 2, '1.5 MiB'],
  [2 * 1024 ** 3, '2.0 GiB'],
])('%d bytes are %s', (bytes, text) => expect(bytesOf(bytes)).toBe(text));

test.each([
  [
    'arn:aws:states:eu-west-1:123456789012:execution:etcd-night-RotateInstances:monday',
    'etcd-night-RotateInstances monday',
  ],
  ['somebody', 'somebody'],
])('%s is called %s', (holder, name) => expect(executionNamed(holder)).toBe(name));

describe('the lock', () => {
  const held = (status: string | null, purpose = 'RollingUpgrade') => ({
    holder: 'arn:x',
    purpose,
    takenAt: null,
    status,
  });

  test.each([
    [null, 'not known'],
    [{ held: null }, 'free'],
    [{ held: held('RUNNING') }, 'held'],
    [{ held: held(null) }, 'held'],
    [{ held: held('SUCCEEDED') }, 'kept'],
    [{ held: held('TIMED_OUT') }, 'kept'],
  ])('%j is %s', (lock, word) => expect(lockWords(lock).word).toBe(word));

  test('that was kept says how to go on', () => {
    expect(waysOut(held('RUNNING'))).toEqual([]);
    expect(waysOut(held('ABORTED'))).toEqual([
      'that execution has ended: Stopped',
      'start RollingUpgrade with {"action": "resume"}, "rollBack" or "abandon"',
    ]);
    expect(waysOut(held('FAILED', 'RotateInstances'))[1]).toBe('start RotateInstances again to go on');
    expect(waysOut(held('FAILED', 'RotateCertificateAuthority'))[1]).toBe(
      'start RotateCertificateAuthority again to go on, or with {"action": "rollBack"} or "abandon"',
    );
  });
});
