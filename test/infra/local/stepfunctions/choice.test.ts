import { describe, expect, test } from '@jest/globals';
import { ruleHolds } from '../../../../infra/local/stepfunctions/choice.ts';

const input = {
  text: 'b',
  other: 'c',
  star: 'a*b\\c',
  number: 5,
  more: 6,
  truth: true,
  nothing: null,
  early: '2026-01-01T00:00:00Z',
  late: '2026-01-01T01:00:00+00:30',
  empty: [],
};
const holds = (rule: Record<string, unknown>) => ruleHolds(rule as never, input, { Execution: { Name: 'b' } });

describe('choice rules', () => {
  test.each([
    ['StringEquals', '$.text', 'b', true],
    ['StringEquals', '$.number', '5', false],
    ['StringLessThan', '$.text', 'c', true],
    ['StringGreaterThanPath', '$.other', '$.text', true],
    ['StringEqualsPath', '$.text', '$$.Execution.Name', true],
    ['StringLessThanEquals', '$.text', 'b', true],
    ['StringGreaterThanEqualsPath', '$.text', '$.other', false],
    ['StringMatches', '$.text', '*', true],
    ['StringMatches', '$.star', 'a\\*b\\\\c', true],
    ['StringMatches', '$.text', '\\*', false],
    ['StringMatches', '$.early', '2026-*Z', true],
    ['StringMatches', '$.text', '.', false],
    ['NumericEquals', '$.number', 5, true],
    ['NumericLessThanPath', '$.number', '$.more', true],
    ['NumericGreaterThanEquals', '$.text', 1, false],
    ['BooleanEquals', '$.truth', true, true],
    ['BooleanEqualsPath', '$.truth', '$.truth', true],
    ['BooleanEquals', '$.nothing', false, false],
    ['TimestampLessThan', '$.early', '2026-01-01T00:00:01Z', true],
    ['TimestampLessThanPath', '$.early', '$.late', true],
    ['TimestampEquals', '$.late', '2026-01-01T00:30:00Z', true],
    ['TimestampEquals', '$.text', '2026-01-01T00:30:00Z', false],
    ['IsPresent', '$.text', true, true],
    ['IsPresent', '$.missing', true, false],
    ['IsPresent', '$.missing', false, true],
    ['IsPresent', '$.nothing', true, true],
    ['IsPresent', '$.empty[*]', true, false],
    ['IsNull', '$.nothing', true, true],
    ['IsNull', '$.text', false, true],
    ['IsNumeric', '$.number', true, true],
    ['IsString', '$.number', true, false],
    ['IsBoolean', '$.truth', true, true],
    ['IsTimestamp', '$.early', true, true],
    ['IsTimestamp', '$.text', true, false],
  ])('%s %s %j: %s', (operator, variable, operand, expected) => {
    expect(holds({ Variable: variable, [operator]: operand })).toBe(expected);
  });

  test('And, Or and Not', () => {
    const yes = { Variable: '$.number', NumericEquals: 5 };
    const no = { Not: yes };
    expect(holds({ And: [yes, yes] })).toBe(true);
    expect(holds({ And: [yes, no] })).toBe(false);
    expect(holds({ Or: [no, yes] })).toBe(true);
    expect(holds({ Or: [no, no] })).toBe(false);
  });

  test('what is not there fails the execution, except for IsPresent', () => {
    expect(() => holds({ Variable: '$.missing', StringEquals: 'a' })).toThrow(
      "States.Runtime: Invalid path '$.missing'",
    );
    expect(() => holds({ Variable: '$.text', StringEqualsPath: '$.missing' })).toThrow("Invalid path '$.missing'");
    expect(() => holds({ Variable: '$.missing', IsNull: true })).toThrow("Invalid path '$.missing'");
  });
});
