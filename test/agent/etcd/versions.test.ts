import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { factsOf, gatewayPrefix } from '#etcd/minors.ts';
import { compareVersions, isSupported, minorOf, minors, parseVersion, parseVersionAnswer } from '#etcd/versions.ts';

const part = fc.nat({ max: 9999 });
const version = fc.tuple(part, part, part).map((parts) => parts.join('.'));
const ladderVersion = fc.tuple(fc.constantFrom(...minors), part).map(([minor, patch]) => `${minor}.${patch}`);

describe('a version', () => {
  test('reads as what it was written as', () => {
    fc.assert(
      fc.property(part, part, part, (major, minor, patch) => {
        expect(parseVersion(`${major}.${minor}.${patch}`)).toEqual({ major, minor, patch });
      }),
    );
  });

  test.each([
    '',
    '3',
    '3.5',
    '3.5.',
    'v3.5.0',
    '3.5.0-rc.1',
    '03.5.0',
    '3.05.0',
    '3.5.0 ',
    '3.5.0.0',
    '3.5.99999',
    '-3.5.0',
  ])('%j is none', (text) => {
    expect(parseVersion(text)).toBeNull();
    expect(isSupported(text)).toBe(false);
    expect(minorOf(text)).toBeNull();
  });

  test('is ordered by its numbers, not by its text', () => {
    expect(compareVersions('3.5.9', '3.5.35')).toBeLessThan(0);
    expect(compareVersions('3.0.0', '2.3.8')).toBeGreaterThan(0);
    expect(() => compareVersions('3.5', '3.5.0')).toThrow(new RangeError("'3.5' is not a version X.Y.Z"));
  });

  test('has a total order', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) || 0);
        expect(compareVersions(a, b) === 0).toBe(a === b);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0)
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });
});

describe('the ladder', () => {
  test('is in order, oldest first, and every minor knows its newest patch', () => {
    const starts = minors.map((minor) => `${minor}.0`);
    expect([...starts].sort(compareVersions)).toEqual(starts);
    expect(minors).toHaveLength(12);
    for (const minor of minors) expect(minorOf(factsOf(`${minor}.0`).latestPatch)).toBe(minor);
  });

  test('has exactly the minors from 2.0 to 3.7', () => {
    fc.assert(
      fc.property(version, (text) => {
        expect(isSupported(text)).toBe((minors as readonly string[]).includes(text.split('.').slice(0, 2).join('.')));
      }),
    );
    fc.assert(
      fc.property(ladderVersion, (text) => {
        expect(isSupported(text)).toBe(true);
        expect(text.startsWith(`${minorOf(text)}.`)).toBe(true);
      }),
    );
    expect(['1.0.0', '2.4.0', '3.8.0', '4.0.0'].map(isSupported)).toEqual([false, false, false, false]);
    expect(() => factsOf('3.8.0')).toThrow('etcd 3.8.0 is not a version from 2.0 to 3.7');
  });

  test.each([
    ['2.3.8', null],
    ['3.0.17', '/v3alpha'],
    ['3.1.20', '/v3alpha'],
    ['3.2.32', '/v3alpha'],
    ['3.3.27', '/v3beta'],
    ['3.4.0', '/v3'],
    ['3.7.3', '/v3'],
  ])('the gateway of %s is %s', (text, prefix) => expect(gatewayPrefix(text)).toBe(prefix));
});

describe('the answer of /version', () => {
  test.each([
    ['etcd 2.0.13', { server: '2.0.13', cluster: null }],
    ['etcd 2.0.13\n', { server: '2.0.13', cluster: null }],
    ['{"etcdserver":"3.5.35","etcdcluster":"3.5.0"}', { server: '3.5.35', cluster: '3.5.0' }],
    ['{"etcdserver":"2.3.8","etcdcluster":"not_decided"}', { server: '2.3.8', cluster: null }],
    ['{"etcdserver":"2.1.3"}', { server: '2.1.3', cluster: null }],
    ['{"etcdserver":"3.7.3","etcdcluster":"3.7.0","storage":"3.7.0"}', { server: '3.7.3', cluster: '3.7.0' }],
    ['etcd unknown', null],
    ['{"etcdcluster":"3.5.0"}', null],
    ['{"etcdserver":7}', null],
    ['null', null],
    ['[]', null],
    ['', null],
    ['<html>', null],
  ])('%j', (body, answer) => expect(parseVersionAnswer(body)).toEqual(answer));

  test('never throws, whatever answers on that port', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (body) => void parseVersionAnswer(body)));
  });
});
