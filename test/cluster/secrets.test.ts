import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { foundIn, keySecret, textSecret } from './secrets.ts';

const newKey = () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return String(privateKey.export({ format: 'pem', type: 'pkcs8' }));
};

describe('the search for secrets', () => {
  const pem = newKey();
  const der = createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' });
  const secrets = [keySecret('key', pem), textSecret('token', 'A1b2C3d4E5f6G7h8I9')];
  const found = (content: string | Buffer) => foundIn([{ name: 'file', octets: Buffer.from(content) }], secrets);

  test.each<[string, string | Buffer]>([
    ['PEM', pem],
    ['PEM inside of JSON', JSON.stringify({ error: `x ${pem}` })],
    ['PEM inside of JSON inside of JSON', JSON.stringify(JSON.stringify({ error: pem }))],
    ['PEM on one line', pem.replaceAll('\n', ' ')],
    ['PEM without line breaks in base64', Buffer.from(`xy${pem}`).toString('base64')],
    ['half of a PEM', pem.slice(70)],
    ['DER', der],
    ['DER in the middle of other octets', Buffer.concat([Buffer.alloc(70_000), der, Buffer.alloc(9_000)])],
    ['DER in hex', der.toString('hex')],
    ['DER in upper case hex', der.toString('hex').toUpperCase()],
    ['DER in base64', der.toString('base64')],
    ['DER in base64 for URLs', Buffer.concat([Buffer.from('x'), der]).toString('base64url')],
    ['an archive', gzipSync(`x${pem}`)],
  ])('finds a key as %s', async (_form, content) => {
    expect(await found(content)).toEqual(['key in file']);
  });

  test.each([
    ['text', '{"x":"A1b2C3d4E5f6G7h8I9"}'],
    ['text that is cut', 'A1b2C3d4E\n5f6G7h8I9'],
    ['base64', Buffer.from('{"x":"A1b2C3d4E5f6G7h8I9"}').toString('base64')],
    ['hex', Buffer.from('A1b2C3d4E5f6G7h8I9').toString('hex')],
  ])('finds a token as %s', async (_form, content) => {
    expect(await found(content)).toEqual(['token in file']);
  });

  test('takes neither another key nor the public one for it', async () => {
    const publicKey = createPrivateKey(pem).export({ format: 'jwk' });
    const { x, y } = publicKey;
    expect(await found(`${newKey()} ${x} ${y} A1b2C3d4E5f6G7h8`)).toEqual([]);
  });
});
