/**
 * Function URLs with the auth type AWS_IAM: `http://ENDPOINT/lambda-url/ID/` here, `https://ID.lambda-url.REGION.on.aws/` on
 * AWS. What it does not do: the auth type NONE, CORS, streamed responses, versions and aliases.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Callers } from '../wire/callers.ts';
import { type Disturbances, Dropped } from '../wire/disturbances.ts';
import { readBody, requireTimely, scopeOf } from '../wire/request.ts';
import { AwsError, type Caller, type HomeContext } from '../wire/service.ts';
import type { Lambda } from './index.ts';
import { answerOf, eventOf, type UrlAnswer } from './urlPayload.ts';
import { createUrlStore, urlPrefix } from './urlStore.ts';

export interface FunctionUrls {
  /** The URL of a function: the same one each time. */
  create(functionArn: string): string;
  delete(functionArn: string): void;
  /** Whether a request's URL is one of a function of this region. */
  has(url: string): boolean;
  /** Answers a request to a URL of a function; says whether it was one. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
}

export interface FunctionUrlOptions {
  readonly lambda: Pick<Lambda, 'invoke'>;
  readonly callers: Pick<Callers, 'callerOf'>;
  readonly disturbances: Pick<Disturbances, 'around'>;
  /** @throws AwsError where the caller may not invoke the function by its URL */
  readonly mayInvoke: (caller: Caller, functionArn: string) => void;
}

/** Lambda quotas: invocation payload, synchronous. */
const largestBody = 6 * 1024 * 1024;

export function createFunctionUrls(context: HomeContext, options: FunctionUrlOptions): FunctionUrls {
  const urls = createUrlStore(context);

  /** The answer says nothing of what was needed. */
  function requireAllowed(caller: Caller, functionArn: string): void {
    try {
      options.mayInvoke(caller, functionArn);
    } catch {
      throw forbidden();
    }
  }

  async function invoke(request: IncomingMessage, caller: Caller, body: Buffer): Promise<UrlAnswer> {
    const url = new URL(request.url ?? '/', context.endpoint);
    const [id = '', ...path] = url.pathname.slice(urlPrefix.length).split('/');
    const found = urls.get(id);
    if (found === null) throw forbidden();
    requireAllowed(caller, found.functionArn);
    const event = eventOf({
      urlId: id,
      account: context.account,
      host: url.host,
      method: request.method ?? 'GET',
      path: `/${path.join('/')}`,
      query: url.search.slice(1),
      headers: request.headers,
      body,
      sourceIp: request.socket.remoteAddress ?? '',
      requestId: randomUUID(),
      atMs: Date.now(),
      caller,
    });
    const { payload, functionError } = await options.lambda.invoke(found.functionArn, event);
    if (functionError !== undefined) throw new AwsError('InternalServerErrorException', 'Internal Server Error', 502);
    return answerOf(payload);
  }

  async function answer(request: IncomingMessage): Promise<UrlAnswer> {
    const caller = callerOf(request, options.callers, context.region);
    const body = await readBody(request);
    if (body.length > largestBody)
      throw new AwsError('RequestEntityTooLargeException', `A request has at most ${largestBody} bytes.`, 413);
    const call = { service: 'lambda', operation: 'InvokeFunctionUrl', caller, region: context.region };
    return (await options.disturbances.around(call, null, () => invoke(request, caller, body))) as UrlAnswer;
  }

  return {
    create: (functionArn) => urls.urlOf(urls.put(functionArn)),
    delete: urls.delete,
    has: (url) => url.startsWith(urlPrefix) && urls.get(url.slice(urlPrefix.length).split('/')[0] ?? '') !== null,
    handle(request, response) {
      if (request.url?.startsWith(urlPrefix) !== true) return false;
      answer(request).then(
        ({ status, headers, body }) =>
          void response.writeHead(status, { 'x-amzn-requestid': randomUUID(), ...headers }).end(body),
        (error: unknown) => fail(request, response, error, context.log),
      );
      return true;
    },
  };
}

/** @throws AwsError 403 for requests that are not signed, or by nobody whom this home knows, or for another service or region */
function callerOf(request: IncomingMessage, callers: Pick<Callers, 'callerOf'>, region: string): Caller {
  let scope: ReturnType<typeof scopeOf>;
  try {
    scope = scopeOf(request);
  } catch {
    throw forbidden();
  }
  if (scope.service !== 'lambda')
    throw new AwsError('InvalidSignatureException', "Credential should be scoped to correct service: 'lambda'.", 403);
  if (scope.region !== region)
    throw new AwsError('InvalidSignatureException', `Credential should be scoped to a valid region: '${region}'.`, 403);
  const caller = callers.callerOf(scope.accessKeyId);
  requireTimely(request, scope);
  return caller;
}

/** In the words of Lambda's own answer. */
export function forbidden(): AwsError {
  const page = 'https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html';
  const message = `Forbidden. For troubleshooting Function URL authorization issues, see: ${page}`;
  return new AwsError('AccessDeniedException', message, 403);
}

function fail(request: IncomingMessage, response: ServerResponse, error: unknown, log: (line: string) => void): void {
  if (error instanceof Dropped) return void request.socket.destroy();
  const known = error instanceof AwsError;
  if (!known) log(`lambda: ${request.method} ${request.url}: ${(error as Error)?.stack ?? error}`);
  const { code, message, statusCode } = known ? error : new AwsError('InternalFailure', 'This home failed.', 500);
  response.writeHead(statusCode, { 'content-type': 'application/json', 'x-amzn-errortype': code });
  response.end(JSON.stringify({ Message: message }));
}
