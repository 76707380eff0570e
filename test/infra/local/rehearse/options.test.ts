import { describe, expect, test } from '@jest/globals';
import { parseRehearseOptions } from '../../../../infra/local/rehearse/options.ts';

const way = ['--from', '2.3.8', '--to', '3.7.3'];

describe('the options of npm run rehearse', () => {
  test('are complete with the two releases', () => {
    expect(parseRehearseOptions(way)).toEqual({
      from: '2.3.8',
      to: '3.7.3',
      members: 3,
      everyMs: 10,
      strategy: 'inPlace',
      tls: true,
      report: null,
      keep: false,
      compare: true,
    });
  });

  test('are all taken', () => {
    const more = ['--members', '5', '--every', '20', '--strategy', 'replace', '--report', 'x.html', '--keep'];
    expect(parseRehearseOptions([...way, ...more, '--no-comparison'])).toMatchObject({
      members: 5,
      everyMs: 20,
      strategy: 'replace',
      report: 'x.html',
      keep: true,
      compare: false,
    });
  });

  test('create a cluster with TLS, or without', () => {
    const patch = ['--from', '3.5.31', '--to', '3.5.35'];
    expect(parseRehearseOptions(patch)?.tls).toBe(true);
    expect(parseRehearseOptions([...patch, '--no-tls'])?.tls).toBe(false);
  });

  test('are not needed for help', () => expect(parseRehearseOptions(['--help'])).toBeNull());

  test.each([
    [['--to', '3.7.3'], '--from is missing; allowed: X.Y.Z of a minor from 2.0 to 3.7'],
    [['--from', '3.5.35'], '--to is missing'],
    [['--from', '1.0.0', '--to', '3.7.3'], "--from is '1.0.0'"],
    [['--from', '3.5', '--to', '3.7.3'], "--from is '3.5'"],
    [['--from', '3.5.35', '--to', '3.4.15'], "--to is '3.4.15'; allowed: a release later than --from, 3.5.35"],
    [['--from', '3.5.35', '--to', '3.5.35'], 'a release later than --from'],
    [['--from', '2.0.0', '--to', '3.7.3'], "--from is '2.0.0', which cannot be run with TLS; allowed: 2.0.5 and later"],
    [[...way, '--members', '4'], "--members is '4'; allowed: 1, 3, 5, 7"],
    [[...way, '--every', '0'], "--every is '0'; allowed: 1 to 1000"],
    [[...way, '--every', '1e2'], "--every is '1e2'"],
    [[...way, '--strategy', 'quick'], "--strategy is 'quick'; allowed: inPlace, replace"],
    [[...way, '--report', ''], '--report is empty'],
    [[...way, '--fast'], "Unknown option '--fast'"],
  ])('%j are refused by name', (args, message) => {
    expect(() => parseRehearseOptions(args)).toThrow(message);
  });
});
