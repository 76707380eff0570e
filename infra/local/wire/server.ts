/**
 * The AWS endpoint of a home: one HTTP server for all regions and services, told apart by the signature's credential scope,
 * speaking AWS's JSON, Query, EC2 and REST JSON protocols. What it does not do: verify signatures, TLS, virtual-host buckets,
 * throttling (unless a disturbance asks for it).
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isOfBrowser, requireLoopback } from '../loopback.ts';
import { type Disturbances, Dropped } from './disturbances.ts';
import { sendFailure } from './failures.ts';
import { fromJson, toJson } from './json.ts';
import { fromForm } from './query.ts';
import { type RegionsOnWire, regionFor } from './regions.ts';
import { readBody, requireTimely, type Scope, scopeOf } from './request.ts';
import { fromRest, route, toRest } from './rest.ts';
import { type ServiceShape, serviceShapes } from './schemas.ts';
import { AwsError, type Caller, type RawService, type Service } from './service.ts';
import { toXml } from './xml.ts';

export interface WireOptions {
  readonly host: string;
  readonly port: number;
  readonly regions: RegionsOnWire;
  readonly callerOf: (accessKeyId: string) => Caller;
  /** Requests that are none of an API: responses of custom resources, function URLs. Returns whether it took the request. */
  readonly apart: (request: IncomingMessage, response: ServerResponse) => boolean;
  readonly disturbances: Disturbances;
  readonly log: (line: string) => void;
}

export interface Wire {
  readonly server: Server;
  close(): Promise<void>;
}

/** Starts listening. @throws Fault `InvalidInput` where the host is no loopback address; the listen error where it is taken. */
export async function startWire(options: WireOptions): Promise<Wire> {
  requireLoopback(options.host, 'the AWS endpoint');
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    if (isOfBrowser(request, `${options.host}:${options.port}`)) return fail(options, request, response, notForPages());
    if (options.apart(request, response)) return;
    answer(options, request, response).catch((error: unknown) => fail(options, request, response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    server,
    close: () =>
      new Promise((resolve) => {
        options.disturbances.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(options: WireOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const scope = scopeOf(request);
  const caller = options.callerOf(scope.accessKeyId);
  requireTimely(request, scope);
  const region = regionFor(options.regions, scope);
  const raw = region.rawServices.find(({ name }) => name === scope.service);
  if (raw !== undefined) return handle(options, raw, scope, request, response, caller);
  const service = region.services.find(({ name }) => name === scope.service);
  const shape = serviceShapes[scope.service];
  if (service === undefined || shape === undefined) {
    throw new AwsError('UnknownServiceException', `This home has no service '${scope.service}'.`, 404);
  }
  const { operation, input, encode } = decode(service, shape, scope, request, await readBody(request));
  const implementation = service.operations[operation] ?? unknownOperation(service, operation);
  const call = { service: service.name, operation, caller, region: scope.region };
  const output = await options.disturbances.around(call, input, (given) => {
    region.authorize(caller, service.name, operation, given);
    return implementation(given, caller);
  });
  const answered = encode((output ?? {}) as Record<string, unknown>);
  response.writeHead(answered.status, { 'x-amzn-requestid': randomUUID(), ...answered.headers }).end(answered.body);
}

async function handle(
  { disturbances }: WireOptions,
  raw: RawService,
  scope: Scope,
  request: IncomingMessage,
  response: ServerResponse,
  caller: Caller,
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const shape = serviceShapes[raw.name];
  const routed = shape === undefined ? null : route(shape, request.method ?? 'GET', pathname);
  const operation = scope.target ?? routed?.operation.name ?? `${request.method} ${pathname}`;
  const { region } = scope;
  await disturbances.around({ service: raw.name, operation, caller, region }, null, async (_input, answerLost) => {
    if (!answerLost) return raw.handle(request, response, caller, region);
    mute(response);
    // Whoever writes to a closed connection may fail of it.
    await raw.handle(request, response, caller, region).catch(() => {});
  });
}

/** What is written goes nowhere; its end closes the connection. */
function mute(response: ServerResponse): void {
  response.write = () => true;
  response.end = () => response.destroy();
}

interface Answered {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string | Buffer;
}

interface Decoded {
  readonly operation: string;
  readonly input: unknown;
  encode(output: Record<string, unknown>): Answered;
}

function decode(service: Service, shape: ServiceShape, scope: Scope, request: IncomingMessage, body: Buffer): Decoded {
  if (scope.target !== null) {
    const operation = shape.operation(scope.target) ?? unknownOperation(service, scope.target);
    const type = request.headers['content-type'] ?? 'application/x-amz-json-1.0';
    return {
      operation: operation.name,
      input: fromJson(operation.input, body.length === 0 ? {} : JSON.parse(body.toString('utf8'))),
      encode: (output) => ({
        status: 200,
        headers: { 'content-type': type },
        body: JSON.stringify(toJson(operation.output, output) ?? {}),
      }),
    };
  }
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (isQuery(request, url))
    return decodeQuery(service, shape, new URLSearchParams(body.toString('utf8') || url.search));
  const routed =
    route(shape, request.method ?? 'GET', url.pathname) ??
    unknownOperation(service, `${request.method} ${url.pathname}`);
  return {
    operation: routed.operation.name,
    input: fromRest(routed, url.searchParams, request.headers, body),
    encode: (output) => toRest(routed.operation, output),
  };
}

function decodeQuery(service: Service, shape: ServiceShape, form: URLSearchParams): Decoded {
  const name = form.get('Action') ?? '';
  const operation = shape.operation(name) ?? unknownOperation(service, name);
  const flavour = service.name === 'ec2' ? 'ec2' : 'query';
  return {
    operation: name,
    input: fromForm(operation.input, form, flavour) ?? {},
    encode(output) {
      const content = toXml(operation.output, output);
      const id = randomUUID();
      const inside =
        flavour === 'ec2'
          ? `<requestId>${id}</requestId>${content}`
          : `<${name}Result>${content}</${name}Result><ResponseMetadata><RequestId>${id}</RequestId></ResponseMetadata>`;
      const xml = `<?xml version="1.0" encoding="UTF-8"?><${name}Response xmlns="${shape.xmlNamespace}">${inside}</${name}Response>`;
      return { status: 200, headers: { 'content-type': 'text/xml' }, body: xml };
    },
  };
}

function isQuery(request: IncomingMessage, url: URL): boolean {
  return (
    (request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded') ||
    url.searchParams.has('Action')
  );
}

function notForPages(): AwsError {
  return new AwsError('AccessDeniedException', "This home's AWS is for programs, not for pages in a browser.", 403);
}

function unknownOperation(service: Service, name: string): never {
  const known = Object.keys(service.operations).sort().join(', ');
  throw new AwsError('UnknownOperationException', `This home's ${service.name} has no ${name}; it has ${known}.`, 404);
}

function fail(options: WireOptions, request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (error instanceof Dropped) return void request.socket.destroy();
  if (!(error instanceof AwsError))
    options.log(`wire: ${request.method} ${request.url}: ${(error as Error)?.stack ?? error}`);
  if (response.headersSent) response.destroy();
  else sendFailure(request, response, error);
}
