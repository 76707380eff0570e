/** What an operator may have signed for a client. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseClientCertificateOptions } from '../../../infra/clientCertificate/options.ts';
import { isRefused } from '../../../tasks/plan/certificateRefusal.ts';
import { clientContents, judgeClient } from '../../../tasks/plan/clientCertificate.ts';

const good = { name: 'app1', request: 'PEM', days: 30, askedBy: 'arn:aws:iam::1:user/me' };

describe('the request', () => {
  test('is taken as it is', () => expect(judgeClient({ clientCertificate: good })).toEqual(good));

  test.each([
    [{ name: '' }, 'name'],
    [{ name: '-app' }, 'name'],
    [{ name: 'a/b' }, 'name'],
    [{ name: 'a'.repeat(65) }, 'name'],
    [{ name: 'etcd-appliance-peer' }, "name of the product's own"],
    [{ days: 0 }, 'days'],
    [{ days: 366 }, 'days'],
    [{ days: 1.5 }, 'days'],
    [{ days: '30' }, 'days'],
    [{ request: 7 }, 'request'],
    [{ request: 'x'.repeat(9_000) }, 'request'],
    [{ askedBy: null }, 'askedBy'],
    [{ ca: true }, 'besides name'],
  ])('with %j is refused, naming %s', (change, named) => {
    const judged = judgeClient({ clientCertificate: { ...good, ...change } });
    expect(isRefused(judged) && judged.why).toContain(named);
  });

  test('that is anything else is refused, and nothing breaks', () => {
    fc.assert(
      fc.property(fc.anything(), (event) => {
        expect(isRefused(judgeClient(event))).toBe(true);
        expect(isRefused(judgeClient({ clientCertificate: event }))).toBe(true);
      }),
    );
  });
});

test('the certificate is a client’s, of that name, for those days', () => {
  expect(clientContents(good, 1e12)).toEqual({
    commonName: 'app1',
    dnsNames: [],
    addresses: [],
    extendedKeyUsage: ['clientAuth'],
    ca: false,
    notBeforeMs: 1e12 - 300_000,
    notAfterMs: 1e12 + 30 * 86_400_000,
  });
});

describe('the options', () => {
  test('have defaults for all but the name', () => {
    expect(parseClientCertificateOptions(['--name', 'app1'])).toMatchObject({ name: 'app1', days: 30, out: '.' });
    expect(parseClientCertificateOptions(['--help']).name).toBeNull();
  });

  test.each([
    [[], '--name is missing'],
    [['--name', 'a b'], '--name is "a b"; allowed'],
    [['--name', 'a', '--days', 'many'], '--days is "many"; allowed'],
    [['--name', 'a', '--out', ''], '--out is empty'],
    [['--name', 'a', '--key', 'k'], "'npm run client-certificate -- --help'"],
    [['--name', 'a', '--stack', 's', '--data', 'd'], '--stack is on AWS'],
  ])('%j are refused', (args, message) => {
    expect(() => parseClientCertificateOptions(args)).toThrow(message);
  });
});
