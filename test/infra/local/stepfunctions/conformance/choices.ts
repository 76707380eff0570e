/** Each comparison of a Choice, on one input. */
import { type Case, succeed } from './case.ts';

export const choiceInput = {
  ...{ text: 'b', same: 'b', other: 'c', star: 'log-1*.txt', number: 5, more: 6, truth: true, nothing: null },
  ...{ early: '2026-01-01T00:00:00Z', late: '2026-01-01T00:00:01Z' },
};
const variable = (name: string, test: object) => ({ Variable: `$.${name}`, ...test });
const tests: readonly object[] = [
  ...['Equals', 'LessThan', 'GreaterThan', 'LessThanEquals', 'GreaterThanEquals'].flatMap((name) => [
    variable('text', { [`String${name}`]: 'b' }),
    variable('text', { [`String${name}Path`]: '$.other' }),
    variable('number', { [`Numeric${name}`]: 5 }),
    variable('number', { [`Numeric${name}Path`]: '$.more' }),
    variable('early', { [`Timestamp${name}`]: '2026-01-01T00:00:00Z' }),
    variable('early', { [`Timestamp${name}Path`]: '$.late' }),
  ]),
  variable('truth', { BooleanEquals: true }),
  variable('truth', { BooleanEqualsPath: '$.truth' }),
  variable('star', { StringMatches: 'log-*.txt' }),
  variable('star', { StringMatches: 'log-1\\*.txt' }),
  variable('star', { StringMatches: 'log-2*' }),
  variable('text', { IsPresent: true }),
  variable('missing', { IsPresent: true }),
  variable('missing', { IsPresent: false }),
  variable('nothing', { IsPresent: true }),
  variable('nothing', { IsNull: true }),
  variable('text', { IsNull: false }),
  variable('number', { IsNumeric: true }),
  variable('text', { IsNumeric: true }),
  variable('text', { IsString: true }),
  variable('truth', { IsBoolean: true }),
  variable('early', { IsTimestamp: true }),
  variable('text', { IsTimestamp: true }),
  variable('text', { NumericEquals: 5 }),
  variable('missing', { StringEquals: 'b' }),
  { And: [variable('truth', { BooleanEquals: true }), variable('number', { NumericEquals: 5 })] },
  { And: [variable('truth', { BooleanEquals: true }), variable('number', { NumericEquals: 6 })] },
  { Or: [variable('truth', { BooleanEquals: false }), variable('number', { NumericEquals: 5 })] },
  { Not: variable('number', { NumericEquals: 5 }) },
  { Variable: '$$.State.Name', StringEquals: 'Ask' },
];

export const choices: readonly Case[] = tests.map((test) => ({
  name: `Choice ${JSON.stringify(test)}`,
  definition: {
    StartAt: 'Ask',
    States: { Ask: { Type: 'Choice', Choices: [{ ...test, Next: 'Yes' }], Default: 'No' }, Yes: succeed, No: succeed },
  },
  input: choiceInput,
}));
