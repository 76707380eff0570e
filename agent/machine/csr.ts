/**
 * Makes requests for certificates: PKCS #10 (RFC 2986) of a key on P-256, with an empty subject and no attributes. Its DER is
 * written here, since it is the same but for key and signature.
 */
import { createPublicKey, type KeyObject, sign } from 'node:crypto';

/** PEM. @param privateKey on P-256 */
export function certificateRequest(privateKey: KeyObject): string {
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  // Version 1 is written 0; the attributes are an empty set with the implicit tag 0.
  const information = sequence(Buffer.from([0x02, 0x01, 0x00]), sequence(), publicKey, Buffer.from([0xa0, 0x00]));
  const signature = sign('sha256', information, privateKey);
  // A bit string says first how many bits of its last octet are unused.
  const bits = tagged(0x03, Buffer.concat([Buffer.from([0x00]), signature]));
  const der = sequence(information, sequence(ecdsaWithSha256), bits);
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE REQUEST-----', ...lines, '-----END CERTIFICATE REQUEST-----', ''].join('\n');
}

/** OID 1.2.840.10045.4.3.2 (RFC 5758, 3.2), with its tag and length. */
const ecdsaWithSha256 = Buffer.from('06082a8648ce3d040302', 'hex');

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

/** X.690, 8.1.3, for contents of fewer than 65,536 octets. */
function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const octets = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...octets]), content]);
}
