/** Functions behind their URLs: what they are given, what becomes of their answers, and who is refused. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { GetFunctionUrlConfigCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import aws4 from 'aws4';
import { type Home, openHome } from '../../../../infra/local/home.ts';
import type { Credentials } from '../../../../infra/local/wire/callers.ts';

jest.setTimeout(60_000);

const instanceArn = 'arn:aws:sts::123456789012:assumed-role/members/i-0123456789abcdef0';
const source = `export const handler = async (event) => {
  const { kind } = event.queryStringParameters ?? {};
  if (kind === 'throws') throw new Error('secret');
  if (kind === 'plain') return { a: 1 };
  if (kind === 'response') return { statusCode: 418, headers: { 'X-Kind': 'pot' }, cookies: ['a=b'], body: 'dGVh', isBase64Encoded: true };
  return event;
}`;

/** What a function URL needs. */
const mayAsk = (Resource: string) => [
  {
    Effect: 'Allow',
    Action: 'lambda:InvokeFunctionUrl',
    Resource,
    Condition: { StringEquals: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' } },
  },
  {
    Effect: 'Allow',
    Action: 'lambda:InvokeFunction',
    Resource,
    Condition: { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } },
  },
];

let home: Home;
let folder: string;
let url: URL;
let credentials: Credentials;

/** The function behind the URLs; its code is put into the folder once. */
const behind = () => ({
  name: 'behind',
  code: join(folder, 'function'),
  handler: 'index.handler',
  timeoutSeconds: 10,
  memoryMiB: 128,
  variables: {},
  roleArn: 'arn:aws:iam::123456789012:role/behind',
  runtime: 'nodejs24.x',
  logGroup: '/aws/lambda/behind',
});
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'etcd-appliance-urls-'));
  home = await openHome({ folder });
  const code = join(folder, 'function');
  mkdirSync(code);
  writeFileSync(join(code, 'index.mjs'), source);
  const { arn } = home.services.lambda.createFunction(behind());
  home.services.roles.putRole('members', { Policies: [{ PolicyDocument: { Statement: mayAsk(arn) } }] });
  url = new URL(home.services.functionUrls.create(arn));
  credentials = home.credentials;
});
afterAll(async () => {
  await home.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Sent {
  readonly path?: string;
  readonly method?: string;
  readonly body?: string | Buffer;
  readonly headers?: Record<string, string>;
  readonly as?: Credentials | null;
  readonly service?: string;
  readonly region?: string;
}

async function send({
  path = '',
  method = 'POST',
  body = '',
  headers = {},
  as = credentials,
  service = 'lambda',
  region = 'eu-west-1',
}: Sent) {
  const wanted = {
    host: url.host,
    path: `${url.pathname}${path}`,
    method,
    headers,
    body,
    service,
    region,
  };
  const signed = as === null ? wanted : aws4.sign(wanted as aws4.Request, as);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const { hostname, port } = url;
    request({ hostname, port, path: wanted.path, method, headers: signed.headers as Record<string, string> })
      .once('response', resolve)
      .once('error', reject)
      .end(body);
  });
  return { status: answer.statusCode, headers: answer.headers, body: await text(answer) };
}

describe('a function behind its URL', () => {
  test('is given what AWS documents', async () => {
    const { status, body } = await send({
      path: 'my/path?a=1&a=3&b=2',
      body: '{"text":"ä"}',
      headers: { 'content-type': 'application/json', cookie: 'one=1; two=2', 'user-agent': 'test' },
    });
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/my/path',
      rawQueryString: 'a=1&a=3&b=2',
      cookies: ['one=1', 'two=2'],
      queryStringParameters: { a: '1,3', b: '2' },
      headers: { 'content-type': 'application/json', authorization: expect.stringContaining('AWS4-HMAC-SHA256') },
      requestContext: {
        accountId: '123456789012',
        authentication: null,
        domainName: url.host,
        http: { method: 'POST', path: '/my/path', protocol: 'HTTP/1.1', userAgent: 'test' },
        stage: '$default',
        time: expect.stringMatching(/^\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
        timeEpoch: expect.any(Number),
      },
      body: '{"text":"ä"}',
      isBase64Encoded: false,
    });
  });

  test.each([
    ['arn:aws:iam::123456789012:user/operator', /^AIDA\w+$/],
    [instanceArn, /^AROA\w+:i-0123456789abcdef0$/],
  ])('knows %s', async (arn, id) => {
    const as = home.services.callers.credentialsOf(arn);
    const { iam } = JSON.parse((await send({ as })).body).requestContext.authorizer;
    expect(iam).toEqual({
      accessKey: as.accessKeyId,
      accountId: '123456789012',
      callerId: expect.stringMatching(id),
      cognitoIdentity: null,
      principalOrgId: null,
      userArn: arn,
      userId: iam.callerId,
    });
  });

  test('is given a binary body in base64', async () => {
    const event = JSON.parse((await send({ body: Buffer.from([0, 255]) })).body);
    expect([event.body, event.isBase64Encoded]).toEqual(['AP8=', true]);
  });

  test('answers with what it returns', async () => {
    expect(await send({ path: '?kind=plain' })).toMatchObject({ status: 200, body: '{"a":1}' });
    expect(await send({ path: '?kind=response' })).toMatchObject({
      status: 418,
      headers: { 'x-kind': 'pot', 'set-cookie': ['a=b'], 'content-type': 'application/json' },
      body: 'tea',
    });
  });

  test('tells nothing of its faults', async () => {
    const { status, body } = await send({ path: '?kind=throws' });
    expect([status, body]).toEqual([502, '{"Message":"Internal Server Error"}']);
  });

  test.each<[string, string, () => Promise<Sent>]>([
    ['not signed', 'AccessDeniedException', async () => ({ as: null })],
    [
      'signed by nobody known',
      'UnrecognizedClientException',
      async () => ({ as: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'none' } }),
    ],
    ['signed for another service', 'InvalidSignatureException', async () => ({ service: 'execute-api' })],
    ['signed for another region', 'InvalidSignatureException', async () => ({ region: 'eu-central-1' })],
    ['signed long ago', 'SignatureDoesNotMatch', async () => ({ headers: { 'x-amz-date': '20200101T000000Z' } })],
  ])('is not called by a request that is %s', async (_what, code, given) => {
    const { status, headers, body } = await send(await given());
    expect([status, headers['x-amzn-errortype']]).toEqual([403, code]);
    expect(JSON.parse(body)).toEqual({ Message: expect.any(String) });
  });

  test('is not called by whom no policy allows it, nor without its URL by whom one allows it with', async () => {
    const stranger = home.services.callers.credentialsOf('arn:aws:sts::123456789012:assumed-role/stranger/i-1');
    expect((await send({ as: stranger })).status).toBe(403);
    const member = home.services.callers.credentialsOf(instanceArn);
    const lambda = new LambdaClient({ endpoint: home.endpoint, region: 'eu-west-1', credentials: member });
    const invoked = lambda.send(new InvokeCommand({ FunctionName: 'behind' }));
    await expect(invoked).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  test('is not called by a URL that is none', async () => {
    const path = url.pathname;
    url.pathname = '/lambda-url/0123456789abcdef/';
    expect((await send({})).status).toBe(403);
    url.pathname = path;
  });

  test('has its URL told to who asks by its name or ARN', async () => {
    const lambda = new LambdaClient({ endpoint: home.endpoint, region: 'eu-west-1', credentials });
    const FunctionArn = 'arn:aws:lambda:eu-west-1:123456789012:function:behind';
    for (const FunctionName of ['behind', FunctionArn]) {
      const config = await lambda.send(new GetFunctionUrlConfigCommand({ FunctionName }));
      expect(config).toMatchObject({ FunctionUrl: url.href, FunctionArn, AuthType: 'AWS_IAM', InvokeMode: 'BUFFERED' });
    }
    home.services.functionUrls.delete(FunctionArn);
    const asked = lambda.send(new GetFunctionUrlConfigCommand({ FunctionName: 'behind' }));
    await expect(asked).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    url = new URL(home.services.functionUrls.create(FunctionArn));
  });

  test('in another region has a URL of its own, at the same endpoint', async () => {
    const { services } = await home.region('eu-central-1');
    const { arn } = services.lambda.createFunction(behind());
    const own = url;
    url = new URL(services.functionUrls.create(arn));
    expect([url.host, url.pathname !== own.pathname]).toEqual([own.host, true]);
    expect((await send({ region: 'eu-central-1' })).status).toBe(200);
    expect((await send({})).status).toBe(403);
    url = own;
    expect((await send({})).status).toBe(200);
  });

  test('is disturbed like every call', async () => {
    const rule = home.services.disturbances.add({
      service: 'lambda',
      operation: 'InvokeFunctionUrl',
      kind: 'throttle',
    });
    expect((await send({})).status).toBe(429);
    rule.remove();
    const lost = home.services.disturbances.add({ service: 'lambda', kind: 'drop', when: 'after', times: 1 });
    await expect(send({})).rejects.toThrow();
    lost.remove();
    expect((await send({})).status).toBe(200);
  });
});
