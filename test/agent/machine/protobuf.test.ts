import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decode, encode, type Message } from '../../../agent/machine/protobuf.ts';

const inner: Message = { id: { number: 1, kind: 'integer' }, name: { number: 2, kind: 'string' } };
const message: Message = {
  count: { number: 1, kind: 'integer' },
  on: { number: 2, kind: 'bool' },
  text: { number: 3, kind: 'string' },
  octets: { number: 4, kind: 'bytes' },
  what: { number: 5, kind: 'enum', names: ['NONE', 'SOME', 'ALL'] },
  one: { number: 16, kind: 'message', of: inner },
  many: { number: 2_047, kind: 'message', of: inner, repeated: true },
  words: { number: 2_048, kind: 'string', repeated: true },
};

const id = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
const innerValue = fc.record({ id, name: fc.string({ unit: 'grapheme' }) });
const value = fc.record(
  {
    count: id,
    on: fc.boolean(),
    text: fc.string({ unit: 'grapheme' }),
    octets: fc.uint8Array().map((octets) => Buffer.from(octets).toString('base64')),
    what: fc.constantFrom('NONE', 'SOME', 'ALL'),
    one: innerValue,
    many: fc.array(innerValue, { minLength: 1, maxLength: 3 }),
    words: fc.array(fc.string(), { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: [] },
);

describe('a message', () => {
  test('is read as it was written', () => {
    fc.assert(fc.property(value, (given) => expect(decode(message, encode(message, given))).toEqual(given)));
  });

  test('is read by whoever knows some of its fields alone', () => {
    const some: Message = { text: { number: 3, kind: 'string' } };
    fc.assert(
      fc.property(value, (given) =>
        expect(decode(some, encode(message, given))).toEqual(given.text === undefined ? {} : { text: given.text }),
      ),
    );
  });

  test('is a value or a RangeError, whatever the octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (octets) => {
        try {
          decode(message, Buffer.from(octets));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });

  test('has the octets that the specification says', () => {
    // protobuf.dev: Encoding, "A Simple Message" and "Length-Delimited Records".
    expect(encode(message, { count: '150' }).toString('hex')).toBe('089601');
    expect(encode({ b: { number: 2, kind: 'string' } }, { b: 'testing' }).toString('hex')).toBe('120774657374696e67');
    expect(decode(message, Buffer.from('08ffffffffffffffffff01', 'hex'))).toEqual({ count: String(2n ** 64n - 1n) });
  });

  test('has no field that is not described', () => {
    expect(() => encode(message, { other: 1 })).toThrow('the message has no field other');
  });
});
