/** Which cluster a command is about, said again as it would be typed. */
import { expect, test } from '@jest/globals';
import { placeArguments, placeOf } from '../../../infra/operator/place.ts';
import { durationText, table } from '../../../infra/operator/text.ts';

test.each([
  [[], {}],
  [['--data', 'night'], { data: 'night' }],
  [['--stack', 'etcd-night'], { stack: 'etcd-night' }],
  [
    ['--stack', 'etcd-night', '--profile', 'ops', '--region', 'eu-west-1'],
    { stack: 'etcd-night', profile: 'ops', region: 'eu-west-1' },
  ],
])('%j', (typed, values) => {
  expect(placeArguments(placeOf(values))).toEqual(typed);
});

test.each([
  [-5, '0 s'],
  [59_400, '59 s'],
  [185_000, '3 min 5 s'],
  [7_440_000, '2 h 4 min'],
])('%i ms are %s', (ms, text) => expect(durationText(ms)).toBe(text));

test('columns are as wide as their longest cell', () => {
  expect(
    table([
      ['a', 'bb', ''],
      ['ccc', 'd'],
    ]),
  ).toEqual(['  a    bb', '  ccc  d']);
});
