/**
 * Instance metadata, IMDSv2 only: a token by PUT, then GETs with it. What it does not do: user data of other versions than
 * `latest`, network interfaces, rebalance and maintenance notices.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isOfBrowser, requireLoopback } from '../loopback.ts';
import type { Credentials } from '../wire/callers.ts';
import type { Instance } from './instance.ts';

export const metadataPort = 1338;
const longestTtlSeconds = 21_600;
const credentialLifetimeMs = 6 * 3_600_000;

export interface MetadataSource {
  readonly region: string;
  readonly account: string;
  instance(): Instance;
  credentials(): Credentials;
}

/**
 * Listens on the instance's address.
 * @throws Fault `InvalidInput` where that is no loopback address
 */
export async function startMetadata(source: MetadataSource): Promise<Server> {
  const { address } = source.instance();
  requireLoopback(address, 'instance metadata');
  const tokens = new Map<string, number>();
  const server = createServer((request, response) => {
    // On EC2 no browser is near.
    if (isOfBrowser(request, `${address}:${metadataPort}`)) return text(response, 403, 'Forbidden');
    if (request.method === 'PUT' && request.url === '/latest/api/token') return giveToken(tokens, request, response);
    if (request.method !== 'GET') return text(response, 405, 'Method Not Allowed');
    const expires = tokens.get(String(request.headers['x-aws-ec2-metadata-token'] ?? '')) ?? 0;
    if (expires < Date.now()) return text(response, 401, 'Unauthorized: IMDSv2 needs a token');
    const answer = lookUp(source, pathOf(request));
    if (answer === null) text(response, 404, 'Not Found');
    else text(response, 200, answer);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(metadataPort, address, resolve);
  });
  return server;
}

/** Decoded, without the slash that lists end with; empty where it cannot be decoded. */
function pathOf({ url = '' }: IncomingMessage): string {
  try {
    return decodeURIComponent(url.replace(/\/+$/, ''));
  } catch {
    return '';
  }
}

/** Not for a request that came through a proxy (EC2: "How Instance Metadata Service Version 2 works"). */
function giveToken(tokens: Map<string, number>, request: IncomingMessage, response: ServerResponse): void {
  if (request.headers['x-forwarded-for'] !== undefined) return text(response, 403, 'Forbidden');
  const seconds = Number(request.headers['x-aws-ec2-metadata-token-ttl-seconds']);
  if (!(seconds >= 1 && seconds <= longestTtlSeconds)) return text(response, 400, 'Bad Request');
  for (const [token, expires] of tokens) if (expires < Date.now()) tokens.delete(token);
  const token = randomBytes(32).toString('base64url');
  tokens.set(token, Date.now() + seconds * 1000);
  response.setHeader('x-aws-ec2-metadata-token-ttl-seconds', String(seconds));
  text(response, 200, token);
}

function lookUp(source: MetadataSource, path: string): string | null {
  const instance = source.instance();
  const tag = /^\/latest\/meta-data\/tags\/instance\/(.+)$/.exec(path)?.[1];
  if (tag !== undefined) return instance.tags[tag] ?? null;
  const base = '/latest/meta-data';
  const answers: Readonly<Record<string, () => string | null>> = {
    [`${base}/instance-id`]: () => instance.instanceId,
    [`${base}/local-ipv4`]: () => instance.address,
    [`${base}/ami-id`]: () => instance.imageId,
    [`${base}/instance-type`]: () => instance.instanceType,
    [`${base}/placement/availability-zone`]: () => instance.zone,
    [`${base}/placement/region`]: () => source.region,
    [`${base}/services/partition`]: () => 'aws',
    [`${base}/services/domain`]: () => 'amazonaws.com',
    [`${base}/autoscaling/target-lifecycle-state`]: () => instance.targetLifecycleState ?? null,
    [`${base}/spot/instance-action`]: () => (instance.spotAction ? JSON.stringify(instance.spotAction) : null),
    [`${base}/tags/instance`]: () => Object.keys(instance.tags).sort().join('\n'),
    [`${base}/iam/security-credentials`]: () => instance.roleName,
    [`${base}/iam/security-credentials/${instance.roleName}`]: () => credentialDocument(source.credentials()),
    '/latest/dynamic/instance-identity/document': () => identityDocument(source, instance),
    '/latest/user-data': () => Buffer.from(instance.userData, 'base64').toString('utf8'),
  };
  return answers[path]?.() ?? null;
}

function credentialDocument(credentials: Credentials): string {
  return JSON.stringify({
    Code: 'Success',
    LastUpdated: new Date().toISOString(),
    Type: 'AWS-HMAC',
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    Token: credentials.sessionToken,
    Expiration: new Date(Date.now() + credentialLifetimeMs).toISOString(),
  });
}

function identityDocument({ region, account }: MetadataSource, instance: Instance): string {
  const { instanceId, address, zone, imageId, instanceType, launchedAt } = instance;
  return JSON.stringify({
    accountId: account,
    region,
    instanceId,
    privateIp: address,
    availabilityZone: zone,
    imageId,
    instanceType,
    pendingTime: launchedAt,
    version: '2017-09-30',
  });
}

function text(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(body);
}
