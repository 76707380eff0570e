import { describe, expect, test } from '@jest/globals';
import { parseLinksOptions } from '../../../../infra/local/links/options.ts';
import { linksText } from '../../../../infra/local/links/text.ts';

const parsed = (line: string) => parseLinksOptions(line.split(' ').filter(Boolean));
const none = { data: '.local/cluster', changes: [], healAll: false, json: false, help: false };

describe('the options of npm run links', () => {
  test.each([
    ['', none],
    ['--data /tmp/two --json', { ...none, data: '/tmp/two', json: true }],
    ['-h', { ...none, help: true }],
    ['--heal', { ...none, healAll: true }],
    [
      '--from a --to b --delay-ms 12.5 --jitter-ms 3',
      { ...none, changes: [{ from: 'a', to: 'b', delayMs: 12.5, jitterMs: 3 }] },
    ],
    [
      '--from a --to b --rtt-ms 80 --jitter-ms 2',
      {
        ...none,
        changes: [
          { from: 'a', to: 'b', delayMs: 40, jitterMs: 2 },
          { from: 'b', to: 'a', delayMs: 40, jitterMs: 2 },
        ],
      },
    ],
    ['--from a --to b --cut', { ...none, changes: [{ from: 'a', to: 'b', cut: true }] }],
    [
      '--from a --to b --heal --both',
      {
        ...none,
        changes: [
          { from: 'a', to: 'b', cut: false },
          { from: 'b', to: 'a', cut: false },
        ],
      },
    ],
  ])('%j', (line, expected) => expect(parsed(line)).toEqual(expected));

  test.each([
    ['--delay-ms 40', '--from and --to are missing'],
    ['--heal --both', '--from and --to are missing'],
    ['--to b --cut', '--from is missing'],
    ['--from a --cut', '--to is missing'],
    ['--from a --to b', '--from and --to alone set nothing'],
    ['--from a --to b --delay-ms -1', "'npm run links -- --help' lists the options"],
    ['--from a --to b --delay-ms=-1', "--delay-ms is '-1'; allowed: 0 to 60000 milliseconds"],
    ['--from a --to b --rtt-ms 120001', "--rtt-ms is '120001'; allowed: 0 to 120000 milliseconds"],
    ['--from a --to b --jitter-ms 5s', "--jitter-ms is '5s'; allowed"],
    ['--from a --to b --rtt-ms 5 --delay-ms 5', '--rtt-ms and --delay-ms: give one of them'],
    ['--from a --to b --cut --heal', '--cut and --heal: give one of them'],
    ['--data=', '--data is empty'],
    ['--speed 5', "'npm run links -- --help' lists the options"],
  ])('%j is refused', (line, message) => expect(() => parsed(line)).toThrow(message));
});

test('links are a table', () => {
  const links = [
    { from: 'eu-west-1', to: 'eu-central-1', delayMs: 40, jitterMs: 5, cut: false },
    { from: 'i-1', to: 'eu-west-1', delayMs: 0, jitterMs: 0, cut: true },
  ];
  expect(linksText({ regions: ['eu-west-1', 'eu-central-1'], links })).toBe(
    '  eu-west-1 -> eu-central-1  40 ms  up to 5 ms more\n  i-1 -> eu-west-1           0 ms                    cut\n',
  );
  expect(linksText({ regions: ['eu-west-1'], links: [] })).toBe('One region, eu-west-1: there is no link to set.\n');
});
