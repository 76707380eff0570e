/**
 * ECDSA over a digest that somebody else has made (FIPS 186-5, 6.4.1; P-256 and its order n in SP 800-186, 3.2.1.3). Node's
 * own `sign` always hashes once more. For the throw-away keys of a home: BigInt takes a time that depends on its values.
 */
import { createECDH, type KeyObject } from 'node:crypto';

const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const bytes = 32;

/** @param digest 32 bytes @returns DER of an `Ecdsa-Sig-Value` */
export function signDigest(digest: Uint8Array, privateKey: KeyObject): Buffer {
  const secret = integer(Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url'));
  for (;;) {
    const once = createECDH('prime256v1');
    const point = once.generateKeys();
    const r = integer(point.subarray(1, 1 + bytes)) % order;
    const s = modulo(inverse(integer(once.getPrivateKey())) * (integer(digest) + r * secret));
    if (r !== 0n && s !== 0n) return sequence(Buffer.concat([derInteger(r), derInteger(s)]));
  }
}

function integer(octets: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(octets).toString('hex')}`);
}

function modulo(value: bigint): bigint {
  return ((value % order) + order) % order;
}

/** By Fermat's little theorem: the order is prime. */
function inverse(value: bigint): bigint {
  let result = 1n;
  let base = modulo(value);
  for (let exponent = order - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = modulo(result * base);
    base = modulo(base * base);
  }
  return result;
}

/** Positive, in as few octets as it takes (ITU-T X.690, 8.3). */
function derInteger(value: bigint): Buffer {
  const hex = value.toString(16);
  const octets = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const positive = (octets[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), octets]) : octets;
  return Buffer.concat([Buffer.from([0x02, positive.length]), positive]);
}

/** Of fewer than 128 octets, as two integers of this curve are. */
function sequence(content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x30, content.length]), content]);
}
