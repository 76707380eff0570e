/**
 * The AWS endpoint of a home: one HTTP server for all services, told apart by the signature's credential scope, speaking
 * AWS's JSON, Query, EC2 and REST JSON protocols. What it does not do: verify signatures, TLS, virtual-host buckets,
 * permissions, throttling.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { sendFailure } from './failures.ts';
import { fromJson, toJson } from './json.ts';
import { fromForm } from './query.ts';
import { readBody, type Scope, scopeOf } from './request.ts';
import { fromRest, route, toRest } from './rest.ts';
import { type ServiceShape, serviceShapes } from './schemas.ts';
import { AwsError, type Caller, type Operation, type RawService, type Service } from './service.ts';
import { toXml } from './xml.ts';

export interface WireOptions {
  readonly host: string;
  readonly port: number;
  readonly services: readonly Service[];
  readonly rawServices: readonly RawService[];
  readonly callerOf: (accessKeyId: string) => Caller;
  /** Requests that carry no signature by nature: custom resource responses. Returns whether it took the request. */
  readonly unsigned: (request: IncomingMessage, response: ServerResponse) => boolean;
  readonly log: (line: string) => void;
}

export interface Wire {
  readonly server: Server;
  close(): Promise<void>;
}

/** Starts listening. @throws the listen error where the address is taken. */
export async function startWire(options: WireOptions): Promise<Wire> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    if (options.unsigned(request, response)) return;
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
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(options: WireOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const scope = scopeOf(request);
  const caller = options.callerOf(scope.accessKeyId);
  const raw = options.rawServices.find(({ name }) => name === scope.service);
  if (raw !== undefined) return raw.handle(request, response, caller);
  const service = options.services.find(({ name }) => name === scope.service);
  const shape = serviceShapes[scope.service];
  if (service === undefined || shape === undefined) {
    throw new AwsError('UnknownServiceException', `This home has no service '${scope.service}'.`, 404);
  }
  await dispatch(service, shape, scope, request, response, caller);
}

async function dispatch(
  service: Service,
  shape: ServiceShape,
  scope: Scope,
  request: IncomingMessage,
  response: ServerResponse,
  caller: Caller,
): Promise<void> {
  const body = await readBody(request);
  if (scope.target !== null) {
    const operation = shape.operation(scope.target) ?? unknownOperation(service, scope.target);
    const input = fromJson(operation.input, body.length === 0 ? {} : JSON.parse(body.toString('utf8')));
    const output = await implementation(service, operation.name)(input, caller);
    const type = request.headers['content-type'] ?? 'application/x-amz-json-1.0';
    return send(response, 200, { 'content-type': type }, JSON.stringify(toJson(operation.output, output ?? {}) ?? {}));
  }
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (isQuery(request, url))
    return query(service, shape, new URLSearchParams(body.toString('utf8') || url.search), response, caller);
  const routed =
    route(shape, request.method ?? 'GET', url.pathname) ??
    unknownOperation(service, `${request.method} ${url.pathname}`);
  const input = fromRest(routed, url.searchParams, request.headers, body);
  const output = (await implementation(service, routed.operation.name)(input, caller)) as Record<string, unknown>;
  const answered = toRest(routed.operation, output ?? {});
  send(response, answered.status, answered.headers, answered.body);
}

async function query(
  service: Service,
  shape: ServiceShape,
  form: URLSearchParams,
  response: ServerResponse,
  caller: Caller,
) {
  const name = form.get('Action') ?? '';
  const operation = shape.operation(name) ?? unknownOperation(service, name);
  const flavour = service.name === 'ec2' ? 'ec2' : 'query';
  const output = await implementation(service, name)(fromForm(operation.input, form, flavour) ?? {}, caller);
  const content = toXml(operation.output, output ?? {});
  const id = randomUUID();
  const inside =
    flavour === 'ec2'
      ? `<requestId>${id}</requestId>${content}`
      : `<${name}Result>${content}</${name}Result><ResponseMetadata><RequestId>${id}</RequestId></ResponseMetadata>`;
  const xml = `<?xml version="1.0" encoding="UTF-8"?><${name}Response xmlns="${shape.xmlNamespace}">${inside}</${name}Response>`;
  send(response, 200, { 'content-type': 'text/xml' }, xml);
}

function isQuery(request: IncomingMessage, url: URL): boolean {
  return (
    (request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded') ||
    url.searchParams.has('Action')
  );
}

function implementation(service: Service, name: string): Operation {
  return service.operations[name] ?? unknownOperation(service, name);
}

function unknownOperation(service: Service, name: string): never {
  const known = Object.keys(service.operations).sort().join(', ');
  throw new AwsError('UnknownOperationException', `This home's ${service.name} has no ${name}; it has ${known}.`, 404);
}

function send(response: ServerResponse, status: number, headers: Record<string, string>, body: string | Buffer): void {
  response.writeHead(status, { 'x-amzn-requestid': randomUUID(), ...headers });
  response.end(body);
}

function fail(options: WireOptions, request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (!(error instanceof AwsError))
    options.log(`wire: ${request.method} ${request.url}: ${(error as Error)?.stack ?? error}`);
  if (response.headersSent) response.destroy();
  else sendFailure(request, response, error);
}
