/**
 * The part of Protocol Buffers that etcd's messages need (protobuf.dev: Encoding), to and from values as its JSON mapping has
 * them: 64-bit numbers as decimal texts, octets in base64, what has its default left out.
 */

export type Message = Readonly<Record<string, Field>>;

export interface Field {
  readonly number: number;
  readonly kind: 'integer' | 'bool' | 'string' | 'bytes' | 'message' | 'enum';
  readonly repeated?: true;
  /** Of a message. */
  readonly of?: Message;
  /** Of an enum, by number. */
  readonly names?: readonly string[];
}

type Value = Readonly<Record<string, unknown>>;

const wireVarint = 0;
const wireFixed64 = 1;
const wireLength = 2;
const wireFixed32 = 5;

/** @throws RangeError for a field that the message does not have */
export function encode(message: Message, value: Value): Buffer {
  const parts = Object.entries(value).flatMap(([name, given]) => {
    const field = message[name];
    if (field === undefined) throw new RangeError(`the message has no field ${name}`);
    return (Array.isArray(given) ? given : [given]).map((one) => encodeField(field, one));
  });
  return Buffer.concat(parts);
}

function encodeField(field: Field, value: unknown): Buffer {
  if (field.kind === 'integer' || field.kind === 'bool' || field.kind === 'enum') {
    const number = field.kind === 'enum' ? (field.names ?? []).indexOf(String(value)) : value;
    return Buffer.concat([varint(BigInt(field.number * 8 + wireVarint)), varint(BigInt(number as number))]);
  }
  const octets = octetsOf(field, value);
  return Buffer.concat([varint(BigInt(field.number * 8 + wireLength)), varint(BigInt(octets.length)), octets]);
}

function octetsOf({ kind, of }: Field, value: unknown): Buffer {
  if (kind === 'message') return encode(of ?? {}, value as Value);
  return Buffer.from(String(value), kind === 'bytes' ? 'base64' : 'utf8');
}

function varint(value: bigint): Buffer {
  const octets: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    const more = rest >= 128n;
    octets.push(Number(rest & 127n) | (more ? 128 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(octets);
}

/** Fields that it does not know are left out. @throws RangeError where the octets are no message */
export function decode(message: Message, octets: Buffer): Record<string, unknown> {
  const fields = new Map(Object.entries(message).map(([name, field]) => [field.number, { name, field }]));
  const value: Record<string, unknown> = {};
  const reader = readerOf(octets);
  while (!reader.ended()) {
    const tag = Number(reader.varint());
    const known = fields.get(tag >>> 3);
    const raw = reader.payload(tag & 7);
    if (known === undefined) continue;
    const one = valueIn(known.field, raw);
    if (!known.field.repeated) value[known.name] = one;
    else value[known.name] = [...((value[known.name] as unknown[] | undefined) ?? []), one];
  }
  return value;
}

function valueIn({ kind, of, names }: Field, raw: bigint | Buffer): unknown {
  if (typeof raw === 'bigint') {
    if (kind === 'bool') return raw !== 0n;
    return kind === 'enum' ? (names?.[Number(raw)] ?? Number(raw)) : String(raw);
  }
  if (kind === 'message') return decode(of ?? {}, raw);
  return raw.toString(kind === 'bytes' ? 'base64' : 'utf8');
}

function readerOf(octets: Buffer) {
  let at = 0;
  const take = (count: number): Buffer => {
    if (at + count > octets.length) throw new RangeError('the message is cut short');
    at += count;
    return octets.subarray(at - count, at);
  };
  const readVarint = (): bigint => {
    for (let value = 0n, shift = 0n; shift < 70n; shift += 7n) {
      const [octet = 0] = take(1);
      value |= BigInt(octet & 127) << shift;
      if (octet < 128) return BigInt.asUintN(64, value);
    }
    throw new RangeError('a number of the message has no end');
  };
  return {
    ended: () => at >= octets.length,
    varint: readVarint,
    payload(wire: number): bigint | Buffer {
      if (wire === wireVarint) return readVarint();
      if (wire === wireLength) return take(Number(readVarint()));
      if (wire === wireFixed64) return take(8);
      if (wire === wireFixed32) return take(4);
      throw new RangeError(`the message has a field of the wire type ${wire}`);
    },
  };
}
