/** Signed calls to AWS: aws4 on node:http, since an SDK client in the resident process costs 8 to 40 MB. */
import aws4 from 'aws4';
import { createAwsClock } from './awsClock.ts';
import { AwsCallError, xmlError } from './awsErrors.ts';
import { type UploadSettings, uploadSettings } from './awsMultipart.ts';
import { createObjects, type Objects } from './awsObjects.ts';
import { exchange, type FileBody, type HttpAnswer, type HttpRequest } from './http.ts';
import type { Metadata } from './metadata.ts';
import { parseXml, type XmlValue } from './xml.ts';

export { AwsCallError } from './awsErrors.ts';
export type { ObjectFile } from './awsObjects.ts';

export interface Aws extends Objects {
  /** One call of a JSON service. @throws AwsCallError with AWS's error name */
  call(
    service: 'dynamodb' | 'states' | 'logs',
    target: string,
    input: object,
    timeoutMs?: number,
  ): Promise<Record<string, unknown>>;
  /**
   * One call of a Query service in a region: these know nothing of what is in another one.
   * @param input the form's fields, such as `{ 'Filter.1.Name': 'tag:a' }`
   * @returns the content of the answer's root element
   * @throws AwsCallError with AWS's error name
   */
  query(
    service: 'ec2' | 'autoscaling',
    region: string,
    action: string,
    input: Readonly<Record<string, string>>,
  ): Promise<XmlValue>;
  /**
   * One call of Route 53, which is one service for all regions.
   * @param path below `/2013-04-01/`
   * @param body XML
   * @throws AwsCallError with AWS's error name
   */
  route53(method: 'GET' | 'POST', path: string, body?: string): Promise<XmlValue>;
  /** The URL of a function of Lambda. @throws AwsCallError with AWS's error name */
  functionUrl(functionArn: string): Promise<string>;
  /** Posts to a function URL whose auth type is AWS_IAM. @returns its answer, whatever its status */
  invokeUrl(url: string, body: string, timeoutMs: number): Promise<{ readonly status: number; readonly body: string }>;
  /** Epoch milliseconds by AWS's clock: what is compared with other instances' time stamps, and with the control plane's. */
  nowMs(): number;
}

/** A call before it is signed. */
export interface Unsigned {
  readonly service: string;
  readonly region?: string;
  readonly base: string;
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | FileBody;
}

/** `Version` of each Query API. */
const apiVersions = { ec2: '2016-11-15', autoscaling: '2011-01-01' } as const;
/** Of each JSON service's protocol. */
const jsonVersions = { dynamodb: '1.0', states: '1.0', logs: '1.1' } as const;
const callTimeoutMs = 5_000;
/** A file is not hashed for its signature: TLS and its checksum guard it. */
const unsigned = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } as const;
/** Route 53 signs for this region, wherever the zone is used (AWS: Route 53 endpoints and quotas). */
const globalRegion = 'us-east-1';

/**
 * @param region of the cluster record, the bucket, the state machines and the signer: the cluster's home
 * @param endpoint one for all services; null: AWS's own
 */
export function createAws(
  metadata: Metadata,
  region: string,
  endpoint: string | null,
  uploads: UploadSettings = uploadSettings,
): Aws {
  const clock = createAwsClock();
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';

  /** Virtual-hosted at AWS, path style at an endpoint of one's own. */
  const placeOf = (bucket: string, key: string) =>
    endpoint === null
      ? { base: `https://${bucket}.s3.${region}.${suffix}`, path: `/${key}` }
      : { base: endpoint, path: `/${bucket}/${key}` };

  async function signed({
    base,
    path,
    method,
    headers,
    body,
    ...rest
  }: Unsigned): Promise<Omit<HttpRequest, 'timeoutMs'>> {
    const { host } = new URL(base);
    const request = {
      region,
      ...rest,
      ...(typeof body === 'string' && { body }),
      host,
      path,
      method,
      headers: { ...headers, ...(typeof body === 'object' && unsigned), host, 'X-Amz-Date': basicIso(clock.nowMs()) },
    };
    const result = aws4.sign(request, await metadata.credentials());
    return {
      url: `${base}${path}`,
      method,
      headers: result.headers as Record<string, string>,
      ...(body !== undefined && { body }),
    };
  }

  /** Once more where it was refused and its answer says that it was signed with a wrong time. */
  async function exchangeSigned(asked: string | null, request: Unsigned, timeoutMs: number): Promise<HttpAnswer> {
    const answer = await answered(asked, signed(request), timeoutMs);
    const again = clock.heard(answer.headers.date) && answer.status >= 400;
    return again ? answered(asked, signed(request), timeoutMs) : answer;
  }

  async function exchangeXml(asked: string | null, request: Unsigned): Promise<XmlValue> {
    const { status, body } = await exchangeSigned(asked, request, callTimeoutMs);
    if (status >= 200 && status < 300) return parseXml(body);
    throw xmlError(asked, status, body);
  }

  return {
    nowMs: clock.nowMs,
    async call(service, target, input, timeoutMs = callTimeoutMs) {
      const base = endpoint ?? `https://${service}.${region}.${suffix}`;
      const headers = { 'content-type': `application/x-amz-json-${jsonVersions[service]}`, 'x-amz-target': target };
      const request = { service, base, path: '/', method: 'POST', headers, body: JSON.stringify(input) };
      const asked = `${service} ${target.split('.').at(-1)}`;
      const { status, body } = await exchangeSigned(asked, request, timeoutMs);
      const answer = parsed(body);
      if (status === 200) return answer;
      const code =
        String(answer.__type ?? `HTTP ${status}`)
          .split('#')
          .at(-1) ?? '';
      throw new AwsCallError(code, String(answer.message ?? answer.Message ?? body.slice(0, 300)), asked);
    },
    query(service, region, action, input) {
      const base = endpoint ?? `https://${service}.${region}.${suffix}`;
      const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
      const form = new URLSearchParams({ Action: action, Version: apiVersions[service], ...input });
      return exchangeXml(`${service} ${action}`, {
        service,
        region,
        base,
        path: '/',
        method: 'POST',
        headers,
        body: form.toString(),
      });
    },
    route53(method, path, body) {
      const base = endpoint ?? (suffix.endsWith('.cn') ? `https://route53.${suffix}` : 'https://route53.amazonaws.com');
      const headers = body === undefined ? {} : { 'content-type': 'text/xml' };
      const at = {
        region: suffix.endsWith('.cn') ? 'cn-northwest-1' : globalRegion,
        base,
        path: `/2013-04-01/${path}`,
      };
      return exchangeXml(null, {
        service: 'route53',
        ...at,
        method,
        headers,
        ...(body !== undefined && { body }),
      });
    },
    async functionUrl(functionArn) {
      const [, , , functionRegion = '', , , name = ''] = functionArn.split(':');
      const { status, body } = await exchangeSigned(
        'lambda GetFunctionUrlConfig',
        {
          service: 'lambda',
          region: functionRegion,
          base: endpoint ?? `https://lambda.${functionRegion}.${suffix}`,
          path: `/2021-10-31/functions/${name}/url`,
          method: 'GET',
          headers: {},
        },
        callTimeoutMs,
      );
      const answer = parsed(body);
      if (status === 200 && typeof answer.FunctionUrl === 'string') return answer.FunctionUrl;
      const said = String(answer.Message ?? answer.message ?? body.slice(0, 300));
      throw new AwsCallError(`HTTP ${status}`, said, 'lambda GetFunctionUrlConfig');
    },
    invokeUrl(url, body, timeoutMs) {
      const { origin, pathname } = new URL(url);
      const headers = { 'content-type': 'application/json' };
      const request = { service: 'lambda', base: origin, path: pathname, method: 'POST', headers, body };
      return exchangeSigned(`POST ${url}`, request, timeoutMs);
    },
    ...createObjects({ signed, exchangeSigned, clock, placeOf }, uploads),
  };
}

/** `20260131T235959Z`, as Signature Version 4 has it. */
function basicIso(atMs: number): string {
  return new Date(atMs).toISOString().replace(/[:-]|\.\d{3}/g, '');
}

/** @throws Error that names what was asked, where there is no answer */
async function answered(
  asked: string | null,
  request: Promise<Omit<HttpRequest, 'timeoutMs'>>,
  timeoutMs: number,
): Promise<HttpAnswer> {
  try {
    return await exchange({ ...(await request), timeoutMs });
  } catch (error) {
    throw asked === null ? error : new Error(`${asked}: ${(error as Error).message}`, { cause: error });
  }
}

function parsed(body: string): Record<string, unknown> {
  try {
    return body === '' ? {} : (JSON.parse(body) as Record<string, unknown>);
  } catch {
    return { message: body };
  }
}
