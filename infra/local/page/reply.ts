/** How every answer of the page leaves: never cached, never framed, nothing loaded from elsewhere. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RefusalView } from './views.ts';

/** A request that cannot be answered; `field`: which part of it is at fault. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: number;
  readonly field: string | null;

  constructor(status: number, field: string | null, message: string) {
    super(message);
    this.status = status;
    this.field = field;
  }
}

export const securityHeaders = {
  'cache-control': 'no-store',
  // Also where somebody opens an answer, such as the drawing of the steps, by itself: it loads and runs nothing.
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

const ownFiles = ['script', 'style', 'img', 'connect'].map((kind) => `${kind}-src 'self'`).join('; ');
/** The page loads its own files and asks its own server; scripts in its text or its attributes do not run. */
export const pageHeaders = {
  ...securityHeaders,
  'content-security-policy': `${securityHeaders['content-security-policy']}; ${ownFiles}`,
} as const;

export function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = securityHeaders,
): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headers, 'content-type': type, 'content-length': bytes.length });
  response.end(response.req.method === 'HEAD' ? undefined : bytes);
}

export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  send(response, status, 'application/json; charset=utf-8', `${JSON.stringify(value, null, 2)}\n`);
}

/**
 * Step Functions' own refusals keep their words; a home that does not answer is a bad gateway. Anything else is a fault of
 * ours: its words may hold paths and addresses, so they go to the log alone.
 */
export function sendFailure(response: ServerResponse, error: unknown, log: (line: string) => void): void {
  const { status, field, message } = error instanceof Refused ? error : translated(error);
  if (status >= 500) log(`page: ${error instanceof Error ? error.stack : String(error)}`);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  sendJson(response, { error: { field, message } } satisfies RefusalView, status);
}

/** Exceptions of the Step Functions API -> status and the field of our request that they are about. */
const exceptions: Readonly<Record<string, readonly [number, string | null]>> = {
  ExecutionAlreadyExists: [409, 'name'],
  ExecutionDoesNotExist: [404, 'executionArn'],
  StateMachineDoesNotExist: [404, 'stateMachineArn'],
  StateMachineDeleting: [409, 'stateMachineArn'],
  InvalidArn: [400, 'arn'],
  InvalidExecutionInput: [400, 'input'],
  InvalidName: [400, 'name'],
  ValidationException: [400, null],
};

function translated(error: unknown): { status: number; field: string | null; message: string } {
  const name = error instanceof Error ? error.name : '';
  const message = error instanceof Error ? error.message : String(error);
  const known = exceptions[name];
  if (known !== undefined) return { status: known[0], field: known[1], message };
  // An exception of the API that none of our requests should cause.
  if (error instanceof Error && '$fault' in error) {
    return { status: 502, field: null, message: `Step Functions answered ${name}; the home's log has its words` };
  }
  if (isUnanswered(error)) {
    return { status: 502, field: null, message: "the cluster's home does not answer; is it still being started?" };
  }
  return { status: 500, field: null, message: "this server made a mistake; the home's log has the details" };
}

/** Node's errors of connections have a code; the SDK's own time-outs have a name. */
function isUnanswered(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === 'TimeoutError' || /^E[A-Z]+$/.test(String((error as NodeJS.ErrnoException).code ?? ''));
}

/** Reads a JSON object. @throws Refused where it is too long or none */
export async function readBody(request: IncomingMessage, limit: number): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) throw new Refused(413, 'body', `longer than ${limit} bytes`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  let value: unknown;
  try {
    value = text === '' ? {} : JSON.parse(text);
  } catch (error) {
    throw new Refused(400, 'body', `is not JSON: ${error instanceof Error ? error.message : error}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refused(400, 'body', 'must be a JSON object');
  }
  return value as Readonly<Record<string, unknown>>;
}
