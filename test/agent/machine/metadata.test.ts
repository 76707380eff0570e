/** Instance metadata that answers anything: no crash, nothing of it used, a refusal that gives no secret away. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { createMetadata } from '../../../agent/machine/metadata.ts';
import { agentTags } from '../../../agent/protocol.ts';

// Fuzzing on a busy machine.
jest.setTimeout(60_000);

const good: Readonly<Record<string, string>> = {
  'instance-id': 'i-0123456789abcdef0',
  'local-ipv4': '10.42.3.7',
  'placement/availability-zone': 'us-gov-west-1a',
  'placement/region': 'us-gov-west-1',
  [`tags/instance/${agentTags.cluster}`]: 'etcd',
  [`tags/instance/${agentTags.table}`]: 'etcd-etcd-Record0A1B2C',
  [`tags/instance/${agentTags.bucket}`]: 'etcd-etcd-bucket-0a1b2c',
  [`tags/instance/${agentTags.certificates}`]: 'arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:etcd-signer',
  [`tags/instance/${agentTags.homeRegion}`]: 'us-gov-west-1',
  'iam/security-credentials/': 'etcd-etcd-MemberRole0A1B',
  'iam/security-credentials/etcd-etcd-MemberRole0A1B': JSON.stringify({
    AccessKeyId: 'ASIAEXAMPLE',
    SecretAccessKey: 'kept/secret+',
    Token: 'session==',
  }),
};
let answers: Readonly<Record<string, string>> = good;
let token = 'token==';
let status = 200;
/** Requests that are hung up on, from the next one on. */
let silences = 0;
let server: Server;
const metadata = () => createMetadata(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);

beforeAll(async () => {
  server = createServer((request, response) => {
    if (silences-- > 0) return void request.socket.destroy();
    const path = (request.url ?? '').replace('/latest/meta-data/', '');
    const body = request.method === 'PUT' ? token : answers[path];
    response.writeHead(body === undefined ? 404 : status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));

function answering(changes: Readonly<Record<string, string>>): void {
  answers = { ...good, ...changes };
  token = 'token==';
  status = 200;
}

const identityPaths = Object.keys(good).filter((path) => !path.startsWith('iam/'));
const anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom('', ' ', '../../..', 'etcd --force-new-cluster', 'etcd\nExecStartPre=/bin/sh', '$(reboot)', 'a.b/c'),
);
const bounded = { numRuns: 200, interruptAfterTimeLimit: 10_000 };

describe('instance metadata', () => {
  test('is who this is, and the keys of its role', async () => {
    answering({});
    expect(await metadata().identity()).toMatchObject({ instanceId: good['instance-id'], region: 'us-gov-west-1' });
    const credentials = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'kept/secret+', sessionToken: 'session==' };
    expect(await metadata().credentials()).toEqual(credentials);
  });

  test('is asked three times before it counts as silent', async () => {
    answering({});
    silences = 2;
    expect(await metadata().credentials()).toMatchObject({ accessKeyId: 'ASIAEXAMPLE' });
    silences = 3;
    await expect(metadata().credentials()).rejects.toThrow('/latest/api/token');
  });

  test.each([
    ['instance-id', 'i-1 --force-new-cluster', 'instanceId; allowed: i- and'],
    ['local-ipv4', '0.0.0.0/0', 'address; allowed: an IPv4 address'],
    ['placement/region', 'eu-west-1.evil.example/', 'region; allowed: a region'],
    [`tags/instance/${agentTags.cluster}`, 'Etcd', 'cluster; allowed: a lower-case letter'],
    [`tags/instance/${agentTags.bucket}`, 'a/../b', 'bucket; allowed: the name of an S3 bucket'],
    [`tags/instance/${agentTags.table}`, 'a b c', 'table; allowed: the name of a DynamoDB table'],
    [`tags/instance/${agentTags.certificates}`, 'https://signer.example/', 'signerArn; allowed: the ARN of a function'],
    [`tags/instance/${agentTags.homeRegion}`, 'home', 'homeRegion; allowed: a region such as eu-west-1'],
  ])('with the %s %j is refused by its name', async (path, value, message) => {
    answering({ [path]: value });
    await expect(metadata().identity()).rejects.toThrow(message);
  });

  test('of any form is as it should be, or an error', async () => {
    const property = fc.asyncProperty(fc.constantFrom(...identityPaths), anything, async (path, value) => {
      answering({ [path]: value });
      const read = await metadata()
        .identity()
        .catch((error: unknown) => error);
      if (read instanceof Error) expect(read.message).toMatch(/^instance metadata has .* as \w+; allowed: /s);
      else expect(JSON.stringify(read)).toMatch(/^[ -~]*$/);
    });
    await fc.assert(property, bounded);
  });

  test('with credentials of any form gives them, or an error without a secret', async () => {
    const role = 'iam/security-credentials/';
    const documents = fc.oneof(
      anything,
      fc.json(),
      fc
        .record({ AccessKeyId: fc.jsonValue(), SecretAccessKey: fc.constant('kept/secret+'), Token: fc.jsonValue() })
        .map((fields) => JSON.stringify(fields)),
      fc.nat({ max: 80 }).map((length) => (good[`${role}${good[role]}`] ?? '').slice(0, length)),
    );
    const property = fc.asyncProperty(fc.option(anything), documents, async (name, document) => {
      answering({ [role]: name ?? good[role] ?? '', [`${role}${good[role]}`]: document });
      const read = await metadata()
        .credentials()
        .catch((error: unknown) => error);
      if (read instanceof Error) {
        expect(read.message).toMatch(/^instance metadata (has|gives) /);
        expect(read.message).not.toContain('secret');
      } else expect(Object.values(read as object).every((text) => /^[!-~]+$/.test(text))).toBe(true);
    });
    await fc.assert(property, bounded);
  });

  test('with a token or a status of any form is an error', async () => {
    const property = fc.asyncProperty(anything, fc.constantFrom(200, 204, 400, 403, 500), async (given, code) => {
      answering({});
      token = given;
      status = code;
      if (code === 200 && /^[!-~]+$/.test(given)) return;
      const error = await metadata()
        .credentials()
        .catch((caught: unknown) => caught);
      expect(error).toMatchObject({ message: expect.stringMatching(/^instance metadata (gives|refuses) a token/) });
    });
    await fc.assert(property, bounded);
  });
});
