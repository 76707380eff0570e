/**
 * What a function behind a URL is given and how its answer becomes HTTP (Lambda developer guide: Invoking Lambda function URLs,
 * request and response payloads, format 2.0). Pure.
 */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { Caller } from '../wire/service.ts';

export interface UrlRequest {
  readonly urlId: string;
  /** Of the function's owner. */
  readonly account: string;
  /** Host and port of the URL. */
  readonly host: string;
  readonly method: string;
  /** As it was sent, below the function's own path. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly sourceIp: string;
  readonly requestId: string;
  /** Epoch milliseconds. */
  readonly atMs: number;
  readonly caller: Caller;
}

/** The event. */
export function eventOf(request: UrlRequest): Record<string, unknown> {
  const { urlId, host, method, path, query, body, atMs } = request;
  const headers = Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      value === undefined || name === 'cookie' ? [] : [[name, [value].flat().join(',')]],
    ),
  );
  const binary = body.length > 0 && !isText(request.headers['content-type'] ?? '');
  const cookies = request.headers.cookie?.split(/; */);
  const parameters = parametersIn(query);
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: query,
    ...(cookies !== undefined && { cookies }),
    headers,
    ...(parameters !== null && { queryStringParameters: parameters }),
    requestContext: {
      accountId: request.account,
      apiId: urlId,
      authentication: null,
      authorizer: { iam: identityOf(request.caller) },
      domainName: host,
      domainPrefix: urlId,
      http: {
        method,
        path,
        protocol: 'HTTP/1.1',
        sourceIp: request.sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: request.requestId,
      routeKey: '$default',
      stage: '$default',
      time: timeOf(atMs),
      timeEpoch: atMs,
    },
    ...(body.length > 0 && { body: body.toString(binary ? 'base64' : 'utf8') }),
    isBase64Encoded: binary,
  };
}

/** The id of a role session is that of its role and the session's name (IAM user guide: IAM identifiers, unique ids). */
function identityOf({ accessKeyId, arn }: Caller): Record<string, unknown> {
  const [, , , , accountId = '', resource = ''] = arn.split(':');
  const [kind, name = '', session] = resource.split('/');
  const id = `${kind === 'user' ? 'AIDA' : 'AROA'}${Buffer.from(name).toString('hex').toUpperCase().slice(0, 16)}`;
  const userId = session === undefined ? id : `${id}:${session}`;
  return {
    accessKey: accessKeyId,
    accountId,
    callerId: userId,
    cognitoIdentity: null,
    principalOrgId: null,
    userArn: arn,
    userId,
  };
}

function isText(contentType: string): boolean {
  return /^(text\/|application\/(json|javascript|xml|[\w.-]+\+(json|xml)))/i.test(contentType);
}

/** Those of one name are joined by commas. */
function parametersIn(query: string): Record<string, string> | null {
  if (query === '') return null;
  const parameters: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query))
    parameters[name] = Object.hasOwn(parameters, name) ? `${parameters[name]},${value}` : value;
  return parameters;
}

/** `12/Mar/2020:19:03:58 +0000` */
function timeOf(atMs: number): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(atMs).toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time} +0000`;
}

export interface UrlAnswer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

/** @param payload what the function returned: a response, or anything else as the body of one */
export function answerOf(payload: unknown): UrlAnswer {
  const json = { 'content-type': 'application/json' };
  if (!isResponse(payload)) return { status: 200, headers: json, body: Buffer.from(JSON.stringify(payload ?? null)) };
  const { statusCode, headers = {}, cookies = [], body = '', isBase64Encoded = false } = payload;
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return {
    status: statusCode,
    headers: { ...json, ...Object.fromEntries(named), ...(cookies.length > 0 && { 'set-cookie': [...cookies] }) },
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body), isBase64Encoded ? 'base64' : 'utf8'),
  };
}

interface FunctionResponse {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly cookies?: readonly string[];
  readonly body?: unknown;
  readonly isBase64Encoded?: boolean;
}

function isResponse(payload: unknown): payload is FunctionResponse {
  return (
    typeof payload === 'object' &&
    payload !== null &&
    'statusCode' in payload &&
    Number.isInteger(payload.statusCode) &&
    Number(payload.statusCode) >= 100 &&
    Number(payload.statusCode) <= 599
  );
}
