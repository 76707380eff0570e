import { describe, expect, test } from '@jest/globals';
import { parseStartOptions } from '../../../../infra/local/start/options.ts';

describe('the options of npm start', () => {
  test('all of them', () => {
    const args = ['--members', '5', '--etcd', '3.4.15', '--regions', '1', '--port', '9000', '--data', 'x', '--fresh'];
    expect(parseStartOptions(args)).toEqual({
      members: 5,
      etcd: '3.4.15',
      regions: 1,
      port: 9000,
      data: 'x',
      fresh: true,
      help: false,
    });
  });

  test('none of them', () => {
    expect(parseStartOptions([])).toEqual({ data: '.local/cluster', fresh: false, help: false });
  });

  test('TLS, or none', () => {
    expect(parseStartOptions(['--tls']).tls).toBe(true);
    expect(parseStartOptions(['--no-tls']).tls).toBe(false);
  });

  test.each([
    [['--tls', '--no-tls'], '--tls and --no-tls: give one of them'],
    [['--members', '4'], "--members is '4'; allowed: 1, 3, 5, 7"],
    [['--members', '3.0'], "--members is '3.0'; allowed: 1, 3, 5, 7"],
    [['--etcd', '3.5'], "--etcd is '3.5'; allowed: X.Y.Z from 2.0 to 3.7, such as 3.5.35"],
    [['--etcd', '3.9.1'], "--etcd is '3.9.1'; allowed: X.Y.Z from 2.0 to 3.7, such as 3.5.35"],
    [['--regions', '3'], "--regions is '3'; allowed: 1, 2"],
    [['--regions', '2', '--members', '5'], "--members is '5'; allowed with --regions 2: such as 3+2"],
    [['--regions', '1', '--members', '3+2'], "--members is '3+2', which goes with --regions 2"],
    [['--members', '3+3'], "--members is '3+3', which would take the quorum from home"],
    [['--members', '0+3'], "--members is '0+3', which has nobody at home"],
    [['--rtt-ms', '80'], '--rtt-ms goes with --regions 2'],
    [['--members', '4+1', '--rtt-ms', '1e3'], "--rtt-ms is '1e3'; allowed: a whole number from 0 to 1000"],
    [['--authority-generation', '0'], "--authority-generation is '0'; allowed: a whole number from 1 to 1000"],
    [['--port', '0'], "--port is '0'; allowed: 1 to 65535"],
    [['--port', '1e3'], "--port is '1e3'; allowed: 1 to 65535"],
    [['--data', ''], '--data is empty; it names a folder'],
    [['--member', '3'], "'npm start -- --help' lists the options"],
    [['here'], "'npm start -- --help' lists the options"],
  ])('%j is refused', (args, message) => {
    expect(() => parseStartOptions(args)).toThrow(message);
  });
});
