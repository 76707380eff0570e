/** Requests of REST JSON services (Lambda): the operation is told by method and path, its input is in path, query, headers and body. */
import type { IncomingHttpHeaders } from 'node:http';
import { fromJson, toJson } from './json.ts';
import type { OperationShape, ServiceShape, Shape } from './schemas.ts';

export interface Routed {
  readonly operation: OperationShape;
  readonly labels: Readonly<Record<string, string>>;
}

/** The operation of a request; null where there is none. The longest literal pattern wins. */
export function route(service: ServiceShape, method: string, path: string): Routed | null {
  const found = service
    .routes()
    .map((operation) => ({ operation, labels: match(operation, method, path) }))
    .filter((candidate): candidate is Routed => candidate.labels !== null);
  return found.sort((a, b) => Object.keys(a.labels).length - Object.keys(b.labels).length)[0] ?? null;
}

function match({ http }: OperationShape, method: string, path: string): Record<string, string> | null {
  if (http === null || http[0] !== method) return null;
  const wanted = http[1].split('?')[0]?.replace(/\/$/, '').split('/') ?? [];
  const given = path.replace(/\/$/, '').split('/');
  if (wanted.length !== given.length) return null;
  const labels: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const label = /^\{(\w+)\+?\}$/.exec(part)?.[1];
    if (label !== undefined) labels[label] = decodeURIComponent(given[index] ?? '');
    else if (part !== given[index]) return null;
  }
  return labels;
}

export function fromRest(
  { operation, labels }: Routed,
  query: URLSearchParams,
  headers: IncomingHttpHeaders,
  body: Buffer,
): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  const members = Object.entries(operation.input.getMemberSchemas());
  const hasPayload = members.some(([, member]) => member.getMergedTraits().httpPayload);
  const json =
    hasPayload || body.length === 0 ? {} : (fromJson(operation.input, JSON.parse(body.toString('utf8'))) as object);
  Object.assign(input, json);
  for (const [name, member] of members) {
    const value = outsideBody(name, member, labels, query, headers);
    if (value !== undefined) input[name] = typed(member, value);
    else if (member.getMergedTraits().httpPayload && body.length > 0) input[name] = body;
  }
  return input;
}

function outsideBody(
  name: string,
  member: Shape,
  labels: Readonly<Record<string, string>>,
  query: URLSearchParams,
  headers: IncomingHttpHeaders,
): string | undefined {
  const traits = member.getMergedTraits();
  if (traits.httpLabel) return labels[name];
  if (traits.httpQuery) return query.get(String(traits.httpQuery)) ?? undefined;
  if (traits.httpHeader) return headers[String(traits.httpHeader).toLowerCase()]?.toString();
  return undefined;
}

function typed(member: Shape, value: string): unknown {
  if (member.isNumericSchema()) return Number(value);
  if (member.isBooleanSchema()) return value === 'true';
  return value;
}

export interface RestAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

export function toRest(operation: OperationShape, output: Readonly<Record<string, unknown>>): RestAnswer {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  let status = operation.http?.[2] ?? 200;
  let payload: Buffer | undefined;
  const rest: Record<string, unknown> = { ...output };
  for (const [name, member] of Object.entries(operation.output.getMemberSchemas())) {
    const traits = member.getMergedTraits();
    const value = output[name];
    if (traits.httpResponseCode) status = Number(value ?? status);
    else if (traits.httpHeader && value !== undefined) headers[String(traits.httpHeader)] = String(value);
    else if (traits.httpPayload) payload = Buffer.from((value ?? '') as Uint8Array);
    else continue;
    delete rest[name];
  }
  return { status, headers, body: payload ?? Buffer.from(JSON.stringify(toJson(operation.output, rest) ?? {})) };
}
