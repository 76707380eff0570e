import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { certificateUses, largestCertificateRequest } from '#etcd/certificates.ts';
import { judgeRequest } from '../../../tasks/plan/certificateRequest.ts';

const post = (body: unknown, isBase64Encoded: unknown = false) =>
  judgeRequest({ method: 'POST', body, isBase64Encoded });
const json = (value: unknown) => post(JSON.stringify(value));

describe('a request for certificates', () => {
  test('has one or more uses, told in their order', () => {
    expect(json({ requests: { client: 'c', server: 's' } })).toEqual({
      requests: [
        ['server', 's'],
        ['client', 'c'],
      ],
    });
  });

  test('may come in base64, as function URLs hand over what has no content type', () => {
    const body = Buffer.from('{"requests":{"peer":"p"}}').toString('base64');
    expect(post(body, true)).toEqual({ requests: [['peer', 'p']] });
  });

  test.each([
    ['wrongMethod', judgeRequest({ method: 'GET', body: '{}', isBase64Encoded: false })],
    ['wrongMethod', judgeRequest({ method: undefined, body: '{}', isBase64Encoded: false })],
    ['malformed', post(undefined)],
    ['malformed', post(7)],
    ['malformed', post('')],
    ['malformed', post('{')],
    ['malformed', json(null)],
    ['malformed', json([])],
    ['malformed', json({})],
    ['malformed', json({ requests: null })],
    ['malformed', json({ requests: [] })],
    ['malformed', json({ requests: {} })],
    ['malformed', json({ requests: { admin: 'x' } })],
    ['malformed', json({ requests: { server: 's', constructor: 'x' } })],
    ['malformed', post('{"requests":{"__proto__":"x"}}')],
    ['malformed', json({ requests: { server: 1 } })],
    ['malformed', json({ requests: { server: null } })],
    ['malformed', json({ requests: { server: 's' }, days: 3650 })],
    ['tooLarge', post('x'.repeat(largestCertificateRequest + 1))],
    ['tooLarge', post('ä'.repeat(largestCertificateRequest / 2 + 1))],
    ['tooLarge', post(Buffer.alloc(largestCertificateRequest + 1).toString('base64'), true)],
  ])('is refused as %s: %j', (refused, judged) => {
    expect(judged).toEqual({ refused, why: expect.any(String) });
  });

  test('of the largest size is read', () => {
    const frame = JSON.stringify({ requests: { server: '' } }).length;
    const pem = 'x'.repeat(largestCertificateRequest - frame);
    expect(json({ requests: { server: pem } })).toEqual({ requests: [['server', pem]] });
  });

  test('is text by known uses or refused, whatever it is', () => {
    const use = fc.constantFrom<string>(...certificateUses, 'x', '__proto__');
    const requests = fc.oneof(fc.dictionary(use, fc.oneof(fc.string(), fc.anything())), fc.anything());
    const body = fc.oneof(
      fc.json(),
      fc.string(),
      fc.record({ requests }).map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(body, fc.boolean(), (text, encoded) => {
        const judged = post(text, encoded);
        if ('refused' in judged) return expect(judged.why.length).toBeLessThan(200);
        expect(judged.requests.length).toBeGreaterThan(0);
        for (const [name, pem] of judged.requests) {
          expect(certificateUses).toContain(name);
          expect(typeof pem).toBe('string');
        }
      }),
    );
  });
});
