/** One certificate authority after the other, as the signer is deployed: no member is there. */
import { X509Certificate } from 'node:crypto';
import { DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { AuthorityStep } from '../../tasks/catalogue.ts';
import { deployGeneration, invokeSigner } from './authority.ts';
import { clientIdentity } from './clientIdentity.ts';
import { openTestCluster, type TestCluster } from './cluster.ts';

jest.setTimeout(240_000);

const size = { members: 1, etcd: '3.5.35' };
const holder = 'arn:aws:states:eu-west-1:123456789012:execution:etcd-etcd-RotateCertificateAuthority:test';
const held = { execution: holder, token: 7, leaseSeconds: 60 };
let cluster: TestCluster;
let record: DynamoDBClient;
beforeAll(async () => {
  cluster = await openTestCluster({
    ...size,
    beforeBoot() {
      throw new Error('no agent here');
    },
  });
  const { endpoint, credentials, context } = cluster.home;
  record = new DynamoDBClient({ endpoint, credentials, region: context.region });
  const lock = { cluster: 'etcd', item: 'lock', token: 7, holder, purpose: 'RotateCertificateAuthority' };
  await record.send(new PutItemCommand({ TableName: cluster.outputs.TableName, Item: marshall(lock) }));
});
afterAll(() => cluster?.close());

const deploy = (generation: number) => deployGeneration(cluster, size, generation);
const read = () => invokeSigner(cluster, { authority: 'read' });
const generations = async () =>
  (await read()).authorities.map(({ generation }: { generation: number }) => generation) as number[];
const move = (authority: AuthorityStep, generation = 2, more = {}) =>
  invokeSigner(cluster, { authority, generation, when: 'now', ...held, ...more });
const commonNames = (pems: string) =>
  (pems.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? []).map((pem) => new X509Certificate(pem).subject);

const first = 'CN=etcd etcd certificate authority';
const second = `${first} 2`;

test('a deployment of the next generation changes nothing in what is trusted', async () => {
  expect((await read()).authorities).toEqual([]);
  const { authorities: before } = await clientIdentity(cluster, 'early');
  expect(commonNames(before)).toEqual([first]);
  await deploy(2);
  expect(await read()).toMatchObject({ authorities: [{ generation: 1 }], deployed: [1, 2] });
  expect((await clientIdentity(cluster, 'app')).authorities).toBe(before);
});

test('a deployment that takes the key away that is in use is refused, and says what is allowed', async () => {
  await expect(deploy(3)).rejects.toThrow(
    /certificateAuthorityGeneration is 3, which takes away the key of generation 1 .* allowed now: 1 or 2\./,
  );
  // CloudFormation rolls back; this home goes on from where it stopped.
  await deploy(2);
  expect(commonNames((await clientIdentity(cluster, 'later')).authorities)).toEqual([first]);
});

test('a step is refused by name where it is malformed, without the lock, and before its turn', async () => {
  await expect(move('trust', 2, { token: 6 })).rejects.toThrow(expect.objectContaining({ name: 'LockHeld' }));
  await expect(move('trust', 2, { execution: `${holder}-2` })).rejects.toThrow(/is held by .*:test \(token 7\)/);
  for (const [field, value] of Object.entries({ authority: 'x', generation: '2', when: 'soon', leaseSeconds: 0 }))
    await expect(move('trust', 2, { [field]: value })).rejects.toThrow(new RegExp(`^${field} of a step`));
  for (const step of ['sign', 'trustOnly'] as const)
    await expect(move(step)).rejects.toThrow(expect.objectContaining({ name: 'RecordConflict' }));
  await expect(move('trust', 3)).rejects.toThrow('the deployment does not have the key of generation 3');
  expect(await generations()).toEqual([1]);
});

test('both are trusted, and the old one signs; clients of before are waited for', async () => {
  const { verdict, trusted, issuer, certificates } = await move('trust');
  expect([verdict, trusted.length, trusted[0]]).toEqual(['moved', 2, issuer]);
  expect(commonNames(certificates)).toEqual([first, second]);
  const [, root] = trusted as [string, string];
  expect(root).toMatch(/^[0-9a-f]{64}$/);
  // Again: nothing more.
  expect(await move('trust')).toMatchObject({ verdict: 'moved', trusted });
  const aware = await clientIdentity(cluster, 'app');
  expect(commonNames(aware.authorities)).toEqual([first, second]);
  expect(new X509Certificate(aware.certificate).issuer).toBe(first);
  const waiting = await move('sign', 2, { when: 'whenTrusted' });
  expect(waiting).toMatchObject({ verdict: 'waiting', issuer, clients: { count: 3 } });
  expect(waiting.clients.first.map(({ name, renewed }: { name: string; renewed: boolean }) => [name, renewed])).toEqual(
    [
      ['early', false],
      ['app', true],
      ['later', false],
    ],
  );
  expect(await generations()).toEqual([1, 2]);
});

test('the new one signs, and the way back is open', async () => {
  expect(await move('sign')).toMatchObject({ verdict: 'moved' });
  const app = await clientIdentity(cluster, 'app');
  expect(new X509Certificate(app.certificate).issuer).toBe(second);
  expect(commonNames(app.authorities)).toEqual([second, first]);
  await move('sign', 1);
  expect(new X509Certificate((await clientIdentity(cluster, 'back')).certificate).issuer).toBe(first);
  await move('sign');
  const { clients } = await read();
  expect(clients).toMatchObject([
    { generation: 1, unaware: { count: 0 }, cutOff: { count: 1 } },
    { generation: 2, unaware: { count: 3 }, cutOff: { count: 5 } },
  ]);
  await expect(deploy(3)).rejects.toThrow('allowed now: 2.');
  await deploy(2);
});

test('the old one is dropped once its clients have left it, or at once, and cannot come back', async () => {
  expect(await move('trustOnly', 2, { when: 'whenUnused' })).toMatchObject({
    verdict: 'waiting',
    clients: { count: 5 },
  });
  const { trusted, issuer } = await move('trustOnly');
  expect(trusted).toEqual([issuer]);
  expect(await generations()).toEqual([2]);
  await expect(move('sign', 1)).rejects.toThrow('the authority of generation 1 is not trusted yet');
  await expect(deploy(1)).rejects.toThrow('allowed now: 2 or 3.');
  await deploy(3);
  expect(await read()).toMatchObject({ authorities: [{ generation: 2 }], deployed: [2, 3] });
});

test('each step is in the audit trail once', async () => {
  const { Items = [] } = await record.send(
    new QueryCommand({
      TableName: cluster.outputs.TableName,
      KeyConditionExpression: '#cluster = :cluster AND begins_with(#item, :prefix)',
      ExpressionAttributeNames: { '#cluster': 'cluster', '#item': 'item' },
      ExpressionAttributeValues: marshall({ ':cluster': 'etcd', ':prefix': 'audit#' }),
    }),
  );
  const told = Items.map((item) => unmarshall(item)).filter(({ who }) => who === holder);
  expect(told.map(({ what, before, after }) => [what, before, after])).toEqual([
    ['the certificate authority of generation 2 is trusted, too', [1], [1, 2]],
    ['the certificate authority of generation 2 signs from now on', [1, 2], [2, 1]],
    ['the certificate authority of generation 1 signs from now on', [2, 1], [1, 2]],
    ['the certificate authority of generation 2 signs from now on', [1, 2], [2, 1]],
    ['the certificate authority of generation 2 is trusted alone', [2, 1], [2]],
  ]);
});
