/** What counts as confirmed, with a clock of the test's own. */
import { beforeEach, expect, test } from '@jest/globals';
import {
  type Confirmations,
  confirmMs,
  createConfirmations,
  forgottenMs,
} from '../../../agent/duties/confirmations.ts';

let nowMs: number;
let confirmations: Confirmations;

beforeEach(() => {
  nowMs = 0;
  confirmations = createConfirmations(() => nowMs);
});

/** @returns what it says at that time */
function at(ms: number, said: boolean): boolean {
  nowMs = ms;
  return confirmations.confirmed('1f', said);
}

test('what is said once counts only when it is said again, seconds later', () => {
  expect([at(0, true), at(confirmMs - 1, true), at(confirmMs, true)]).toEqual([false, false, true]);
});

test('a word against it begins all anew', () => {
  expect([at(0, true), at(confirmMs - 1, false), at(confirmMs, true), at(2 * confirmMs, true)]).toEqual([
    false,
    false,
    false,
    true,
  ]);
});

test('two mistakes long apart, with nobody asking between them, confirm nothing', () => {
  expect([at(0, true), at(forgottenMs + 1, true), at(forgottenMs + 1 + confirmMs, true)]).toEqual([false, false, true]);
});
