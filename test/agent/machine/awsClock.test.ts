/** AWS's clock as an agent knows it, with clocks of the test's own. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { createAwsClock } from '../../../agent/machine/awsClock.ts';

const hourMs = 3_600_000;
const date = (atMs: number) => new Date(atMs).toUTCString();
let machineMs: number;
let monotonicMs: number;
const clockOf = () => createAwsClock({ epochMs: () => machineMs, monotonicMs: () => monotonicMs });

beforeEach(() => {
  machineMs = Date.parse('2026-11-24T12:00:00Z');
  monotonicMs = 50_000;
});

describe("AWS's clock", () => {
  test('is the machine’s until AWS has answered', () => {
    expect(clockOf().nowMs()).toBe(machineMs);
  });

  test('goes on as if nobody had set the machine’s', () => {
    const clock = clockOf();
    const before = clock.nowMs();
    machineMs -= hourMs;
    monotonicMs += 700;
    expect(clock.nowMs()).toBe(before + 700);
  });

  test.each([1, -1])('is what the first answer says where the machine’s is wrong by %i h', (hours) => {
    const trueMs = machineMs;
    machineMs += hours * hourMs;
    const clock = clockOf();
    expect(clock.heard(date(trueMs))).toBe(true);
    monotonicMs += 1_000;
    expect(clock.nowMs()).toBe(trueMs + 1_000);
  });

  test('is not moved by whole seconds of the header, nor by a header that is none', () => {
    machineMs += 900;
    const clock = clockOf();
    for (const header of [date(machineMs - 900), undefined, 'yesterday']) expect(clock.heard(header)).toBe(false);
    expect(clock.nowMs()).toBe(machineMs);
  });
});
