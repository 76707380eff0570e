/** The certificate signer as it is deployed: by its URL, with its key in KMS, for instances of the group and nobody else. */
import { createPublicKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { GetPublicKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { InvokeCommand, LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { authorityPartition, type CertificateAuthorityRecord } from '#etcd/authorityRecord.ts';
import { certificateUses, largestCertificateRequest } from '#etcd/certificates.ts';
import type { Instance } from '../../infra/local/ec2/instance.ts';
import { createTestAuthority } from '../tasks/certificates/testAuthority.ts';
import { askSigner, instanceSession, requestFor } from './certificateSigner.ts';
import { eventually, openTestCluster, type TestCluster } from './cluster.ts';

jest.setTimeout(120_000);

let cluster: TestCluster;
let member: Instance;
let record: DynamoDBClient;
beforeAll(async () => {
  // Instances that run and never boot: nobody but the test asks for certificates.
  cluster = await openTestCluster({
    members: 3,
    etcd: '3.5.35',
    beforeBoot() {
      throw new Error('no agent here');
    },
  });
  const { endpoint, credentials, context } = cluster.home;
  record = new DynamoDBClient({ endpoint, credentials, region: context.region });
  member = await eventually('an instance runs', async () => instances().find(({ state }) => state === 'running'));
});
afterAll(() => cluster.close());

const instances = () => cluster.home.services.ec2.instances();
const session = (instanceId: string) => instanceSession(cluster.home, instanceId);
const ask = (caller: string, body: string | Buffer, how = {}) => askSigner(cluster.home, caller, body, how);
const askAsMember = (body: string | Buffer, how = {}) => ask(session(member.instanceId), body, how);

/** Items of the record, or of another partition of its table, that begin so. */
async function items(prefix: string, partition = 'etcd'): Promise<Record<string, unknown>[]> {
  const { Items = [] } = await record.send(
    new QueryCommand({
      TableName: cluster.outputs.TableName,
      KeyConditionExpression: '#cluster = :cluster AND begins_with(#item, :prefix)',
      ExpressionAttributeNames: { '#cluster': 'cluster', '#item': 'item' },
      ExpressionAttributeValues: marshall({ ':cluster': partition, ':prefix': prefix }),
    }),
  );
  return Items.map((item) => unmarshall(item));
}
const put = (item: object) =>
  record.send(new PutItemCommand({ TableName: cluster.outputs.TableName, Item: marshall(item) }));
const partition = authorityPartition('etcd');
const authority = async () => (await items('certificates', partition))[0] as unknown as CertificateAuthorityRecord;
/** As if the signer had written it. */
const putAuthority = (revision: number, certificates: readonly object[]) =>
  put({ cluster: partition, item: 'certificates', revision, certificates });

describe('an instance of the cluster', () => {
  test('at the very first, several at once, is signed for by one and the same authority', async () => {
    const answers = await Promise.all(
      instances().map(({ instanceId }) => ask(session(instanceId), requestFor('server').body)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const { revision, certificates } = await authority();
    expect([revision, certificates.length]).toEqual([1, 1]);
    for (const { body } of answers) expect(body.trusted).toEqual([certificates[0]?.certificate]);
  });

  test('is given what it asks for, with its own address and names', async () => {
    const { status, body } = await askAsMember(requestFor(...certificateUses).body);
    expect(status).toBe(200);
    expect(Object.keys(body.certificates)).toEqual(['server', 'peer', 'client']);
    const own = `DNS:${member.instanceId}.etcd.etcd.internal`;
    const root = new X509Certificate(body.trusted[0]);
    const leaf = (use: string) => new X509Certificate(body.certificates[use].certificate);
    expect(leaf('server').subjectAltName).toBe(`${own}, DNS:etcd.etcd.internal, IP Address:${member.address}`);
    expect(leaf('peer').subjectAltName).toBe(`${own}, IP Address:${member.address}, IP Address:127.0.0.1`);
    expect(leaf('client').subjectAltName).toBeUndefined();
    expect(certificateUses.map((use) => leaf(use).subject ?? null)).toEqual([
      null,
      'CN=etcd-appliance-peer',
      'CN=etcd-appliance-agent',
    ]);
    for (const use of certificateUses) {
      const { serial, notBefore, notAfter } = body.certificates[use];
      expect([leaf(use).checkIssued(root), leaf(use).verify(root.publicKey), leaf(use).ca]).toEqual([
        true,
        true,
        false,
      ]);
      expect(BigInt(`0x${leaf(use).serialNumber}`)).toBe(BigInt(`0x${serial}`));
      expect(Date.parse(notBefore)).toBeLessThan(Date.now() - 200_000);
      expect(Date.parse(notAfter) - Date.now()).toBeGreaterThan(6.9 * 86_400_000);
      expect(Date.parse(notAfter) - Date.now()).toBeLessThan(7.1 * 86_400_000);
    }
    expect(leaf('client').keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  });

  test('can use it: a handshake in which each verifies the other', async () => {
    const asked = requestFor('server', 'client');
    const { body } = await askAsMember(asked.body);
    const [ca] = body.trusted;
    const server = createServer(
      { key: asked.keys.server, cert: body.certificates.server.certificate, ca, requestCert: true },
      (socket) => socket.end('served'),
    );
    server.listen(0, member.address);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { certificate } = body.certificates.client;
    const socket = connect({ host: member.address, port, ca, key: asked.keys.client, cert: certificate });
    const [data] = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
    expect([String(data), socket.authorized]).toEqual(['served', true]);
    socket.destroy();
    server.close();
  });

  test('signs with the key in KMS, whose certificate the record has', async () => {
    const { certificates } = await authority();
    const [own] = certificates;
    const { endpoint, credentials, context } = cluster.home;
    const kms = new KMSClient({ endpoint, credentials, region: context.region });
    const { PublicKey = [] } = await kms.send(new GetPublicKeyCommand({ KeyId: own?.keyArn }));
    const root = new X509Certificate(own?.certificate ?? '');
    expect(root.publicKey.equals(createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' }))).toBe(
      true,
    );
    expect([root.ca, root.subject]).toEqual([true, 'CN=etcd etcd certificate authority']);
  });

  test('leaves an item in the audit trail for each time', async () => {
    const before = (await items('audit#')).filter(({ what }) => String(what).startsWith('issued')).length;
    const { body } = await askAsMember(requestFor('peer').body);
    const issued = (await items('audit#')).filter(({ what }) => String(what).startsWith('issued'));
    expect(issued).toHaveLength(before + 1);
    expect(issued.at(-1)).toMatchObject({
      who: member.instanceId,
      what: 'issued certificates: peer',
      after: { peer: { serial: body.certificates.peer.serial, addresses: [member.address, '127.0.0.1'] } },
    });
  });

  test('trusts no certificate of another key, wherever it comes from', async () => {
    const { certificates, revision } = await authority();
    const [own] = certificates;
    const { certificate } = await createTestAuthority();
    const forged = { ...own, certificate };
    await putAuthority(revision, [forged, { ...own }]);
    expect((await askAsMember(requestFor('client').body)).body.trusted).toEqual([own?.certificate]);
    await putAuthority(revision, [forged]);
    const { body } = await askAsMember(requestFor('client').body);
    const [made] = (await authority()).certificates;
    expect(body.trusted).toEqual([made?.certificate]);
    // Another certificate of the same key and name: what was issued before is still trusted.
    const [before, after] = [own, made].map((one) => new X509Certificate(one?.certificate ?? ''));
    expect([after?.subject, after?.publicKey.equals(before?.publicKey as never)]).toEqual([before?.subject, true]);
  });

  test('is given nothing where an authority is trusted whose key the deployment does not have', async () => {
    const { certificates, revision } = await authority();
    const [own] = certificates;
    await putAuthority(revision, [{ ...own }, { ...own, keyArn: `${own?.keyArn}0`, generation: 2 }]);
    expect((await askAsMember(requestFor('client').body)).status).toBe(502);
    await putAuthority(revision, certificates);
  });

  test('may neither read nor write what the signer keeps of the authority', async () => {
    const { endpoint, context, services } = cluster.home;
    const credentials = services.callers.credentialsOf(session(member.instanceId));
    const client = new DynamoDBClient({ endpoint, region: context.region, credentials });
    const { TableName } = cluster.outputs;
    const Item = marshall({ cluster: partition, item: 'certificates', revision: 9, certificates: [] });
    for (const command of [
      new PutItemCommand({ TableName, Item }),
      new GetItemCommand({ TableName, Key: marshall({ cluster: partition, item: 'certificates' }) }),
    ])
      await expect(client.send(command as PutItemCommand)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    client.destroy();
  });
});

describe('whoever else asks', () => {
  const { body } = requestFor(...certificateUses);

  test('as an instance that is terminated, is refused', async () => {
    const [, , last] = instances();
    const gone = last?.instanceId ?? '';
    await cluster.home.services.ec2.terminate(gone, 'test');
    expect(await ask(session(gone), body)).toMatchObject({ status: 403, body: { refused: 'notRunning' } });
    expect(await ask(session('i-00000000000000000'), body)).toMatchObject({
      status: 403,
      body: { refused: 'notRunning', why: 'EC2 does not know i-00000000000000000' },
    });
  });

  test.each<[string, Record<string, string>]>([
    ['another cluster', { 'etcd-appliance:cluster': 'other', 'aws:autoscaling:groupName': 'etcd-other' }],
    ['no group', { 'etcd-appliance:cluster': 'etcd' }],
    ['a group that does not know it', { 'etcd-appliance:cluster': 'etcd' }],
  ])('as an instance of %s, is refused', async (what, tags) => {
    const group = what.startsWith('a group') ? { 'aws:autoscaling:groupName': cluster.outputs.GroupName ?? '' } : {};
    const { ec2 } = cluster.home.services;
    const { zone, subnetId, vpcId } = member;
    const stray = ec2.launch({ ...member, tags: { ...tags, ...group } }, { zone, subnetId, vpcId });
    await eventually('it runs', async () =>
      instances().some(({ instanceId, state }) => instanceId === stray.instanceId && state === 'running'),
    );
    expect(await ask(session(stray.instanceId), body)).toMatchObject({
      status: 403,
      body: { refused: 'notInCluster' },
    });
    await ec2.terminate(stray.instanceId, 'test');
  });

  test('with another role is not let through to the signer, or refused by it', async () => {
    const stranger = session(member.instanceId).replace(/members-[\w-]+(?=\/)/, 'TakeLockRole');
    expect((await ask(stranger, body)).status).toBe(403);
    expect(await ask(cluster.home.services.operatorArn, body)).toMatchObject({
      status: 403,
      body: { refused: 'wrongCaller', why: 'the caller is not a session of a role' },
    });
  });

  test('as an instance, is not let invoke the signer without its URL, where the caller would be its own to name', async () => {
    const { endpoint, credentials: operator, context, services } = cluster.home;
    const place = { endpoint, region: context.region };
    const { Functions = [] } = await new LambdaClient({ ...place, credentials: operator }).send(
      new ListFunctionsCommand({}),
    );
    const FunctionName = Functions.map((one) => one.FunctionName).find((name) => name?.includes('certificate-signer'));
    const credentials = services.callers.credentialsOf(session(member.instanceId));
    const lambda = new LambdaClient({ ...place, credentials });
    await expect(lambda.send(new InvokeCommand({ FunctionName }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });
});

describe('a request', () => {
  test.each<[number, string, string | Buffer, object]>([
    [405, 'wrongMethod', '{}', { method: 'PUT' }],
    [413, 'tooLarge', 'x'.repeat(largestCertificateRequest + 1), {}],
    [413, 'tooLarge', Buffer.alloc(200_000), { contentType: 'application/octet-stream' }],
    [400, 'malformed', 'x', {}],
    [400, 'malformed', '{"requests":{"root":"x"}}', {}],
    [400, 'malformedCsr', '{"requests":{"server":"x"}}', {}],
  ])('is answered %i %s', async (status, refused, body, how) => {
    expect(await askAsMember(body, how)).toEqual({ status, body: { refused, why: expect.any(String) } });
  });

  test('of any kind is refused, and has no effect', async () => {
    const certificates = (await authority()).certificates.length;
    const issued = async () => (await items('audit#')).filter(({ what }) => String(what).startsWith('issued')).length;
    const before = await issued();
    const pem = fc.oneof(fc.string(), fc.constant(requestFor('server').body.slice(0, 200)), fc.anything());
    const body = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record({ requests: fc.dictionary(fc.constantFrom('server', 'peer', 'x'), pem) })
        .map((one) => JSON.stringify(one)),
      fc.uint8Array({ maxLength: 100 }).map((octets) => Buffer.from(octets)),
    );
    await fc.assert(
      fc.asyncProperty(
        body,
        fc.constantFrom('application/json', 'application/octet-stream'),
        async (given, contentType) => {
          const { status, body: answer } = await askAsMember(given, { contentType });
          expect([400, 413]).toContain(status);
          expect(Object.keys(answer)).toEqual(['refused', 'why']);
          expect(answer.why).not.toMatch(/\bat \w|node:|Error|\/tasks\//);
        },
      ),
      { numRuns: 60 },
    );
    expect([await issued(), (await authority()).certificates.length]).toEqual([before, certificates]);
  });

  test('is answered 429 where an instance asks again and again, and the trail of refusals stays small', async () => {
    await put({
      cluster: 'etcd',
      item: `certificates#${member.instanceId}`,
      hour: `${new Date().toISOString().slice(0, 13)}:00:00.000Z`,
      requests: 59,
    });
    const { body } = requestFor('client');
    const statuses = [await askAsMember(body), await askAsMember(body), await askAsMember(body)].map(
      ({ status }) => status,
    );
    expect(statuses).toEqual([200, 429, 429]);
    const refusals = (await items('audit#')).filter(({ what }) => String(what).startsWith('refused certificates'));
    const codes = refusals.map(({ item }) => String(item).split('certificate-refused-')[1]);
    expect(refusals.length).toBeLessThan(25);
    expect(new Set(codes).size).toBeGreaterThanOrEqual(7);
    expect(refusals.find(({ what }) => String(what).endsWith('tooMany'))).toMatchObject({
      who: session(member.instanceId),
      refusals: 2,
      why: `${member.instanceId} has asked 60 times within this hour`,
    });
  });
});
