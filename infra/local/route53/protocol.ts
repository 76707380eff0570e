/** REST XML: requests and answers by the SDK client's own schemas. */
import { all, parseXml, type XmlValue } from '../../../agent/machine/xml.ts';
import type { Routed } from '../wire/rest.ts';
import type { OperationShape, Shape } from '../wire/schemas.ts';
import { AwsError } from '../wire/service.ts';
import { escapeXml, toXml } from '../wire/xml.ts';

type Values = Record<string, unknown>;

/** The operation's input, from path, query and body. @throws AwsError `InvalidInput` where the body is no XML */
export function fromRequest({ operation, labels }: Routed, query: URLSearchParams, body: string): Values {
  const input = body === '' ? {} : (fromXml(operation.input, parsed(body)) as Values);
  for (const [name, member] of Object.entries(operation.input.getMemberSchemas())) {
    const { httpLabel, httpQuery } = member.getMergedTraits();
    const text = httpLabel ? labels[name] : httpQuery ? query.get(String(httpQuery)) : null;
    if (text !== null && text !== undefined) input[name] = scalar(member, text);
  }
  return input;
}

function parsed(body: string): XmlValue {
  try {
    return parseXml(body);
  } catch (error) {
    throw new AwsError('InvalidInput', `Invalid XML ; ${(error as Error).message.split('\n')[0]}`);
  }
}

function fromXml(shape: Shape, value: XmlValue): unknown {
  if (!shape.isStructSchema()) return scalar(shape, typeof value === 'string' ? value : '');
  const entries = Object.entries(shape.getMemberSchemas()).map(([name, member]) => {
    const element = String(member.getMergedTraits().xmlName ?? name);
    const [first] = all(value, element);
    if (first === undefined) return [name, undefined];
    if (!member.isListSchema()) return [name, fromXml(member, first)];
    const item = member.getValueSchema();
    const itemName = String(item.getMergedTraits().xmlName ?? 'member');
    return [name, all(first, itemName).map((one) => fromXml(item, one))];
  });
  return Object.fromEntries(entries.filter(([, entry]) => entry !== undefined));
}

function scalar(shape: Shape, text: string): unknown {
  if (shape.isNumericSchema()) return Number(text);
  if (shape.isBooleanSchema()) return text === 'true';
  return text;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function toAnswer({ name, output: shape, http }: OperationShape, output: Values, namespace: string): Answer {
  const headers: Record<string, string> = { 'content-type': 'text/xml' };
  const inBody: Values = { ...output };
  for (const [member, memberShape] of Object.entries(shape.getMemberSchemas())) {
    const { httpHeader } = memberShape.getMergedTraits();
    if (!httpHeader) continue;
    if (output[member] !== undefined) headers[String(httpHeader)] = String(output[member]);
    delete inBody[member];
  }
  const root = `${name}Response`;
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${escapeXml(namespace)}">${toXml(shape, inBody)}</${root}>`;
  return { status: http?.[2] ?? 200, headers, body };
}
