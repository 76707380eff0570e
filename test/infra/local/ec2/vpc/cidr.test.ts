/** IPv4 ranges: their canonical form, and whether they overlap. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalCidr, overlap } from '../../../../../infra/local/ec2/vpc/cidr.ts';

describe('a range', () => {
  test.each([
    ['10.42.0.0/16', '10.42.0.0/16'],
    ['10.42.7.1/16', '10.42.0.0/16'],
    ['10.42.7.1/32', '10.42.7.1/32'],
    ['192.168.255.255/1', '128.0.0.0/1'],
    ['0.0.0.0/0', '0.0.0.0/0'],
  ])('%s is %s', (text, canonical) => expect(canonicalCidr(text, 'cidrBlock')).toBe(canonical));

  test.each(['', '10.42.0.0', '10.42.0.0/33', '10.42.0/16', '10.42.0.0/16/1', '::/0', '10.42.0.0/x'])(
    "'%s' is none",
    (text) => expect(() => canonicalCidr(text, 'cidrBlock')).toThrow('for parameter cidrBlock is invalid'),
  );
});

describe('two ranges', () => {
  test.each([
    [true, '10.42.0.0/16', '10.42.0.0/16'],
    [true, '10.0.0.0/8', '10.42.0.0/16'],
    [false, '10.42.0.0/16', '10.43.0.0/16'],
    [false, '10.42.0.0/24', '10.42.1.0/24'],
    [true, '0.0.0.0/0', '255.255.255.255/32'],
  ])('overlap: %s, %s and %s', (expected, a, b) => {
    expect(overlap(a, b)).toBe(expected);
    expect(overlap(b, a)).toBe(expected);
  });

  test('overlap exactly where the shorter prefix is that of both', () => {
    const range = fc.tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 32 }));
    const written = (number: number, bits: number) =>
      `${[24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.')}/${bits}`;
    fc.assert(
      fc.property(range, range, ([a, m], [b, n]) => {
        const shorter = Math.min(m, n);
        const same = shorter === 0 || a >>> (32 - shorter) === b >>> (32 - shorter);
        expect(overlap(written(a, m), written(b, n))).toBe(same);
      }),
    );
  });
});
