/** Reads the form of a Query request (`Action=...&Filters.member.1.Name=...`); EC2 flattens lists and has names of its own. */
import type { Shape } from './schemas.ts';

export type Flavour = 'ec2' | 'query';

/** The value that the form holds for this shape; undefined where it holds none. */
export function fromForm(shape: Shape, form: URLSearchParams, flavour: Flavour, prefix = ''): unknown {
  if (shape.isStructSchema()) return struct(shape, form, flavour, prefix);
  if (shape.isListSchema()) return list(shape, form, flavour, prefix);
  if (shape.isMapSchema()) return map(shape, form, flavour, prefix);
  const text = form.get(prefix);
  return text === null ? undefined : scalar(shape, text);
}

function struct(shape: Shape, form: URLSearchParams, flavour: Flavour, prefix: string): unknown {
  const members: [string, unknown][] = [];
  for (const [name, member] of Object.entries(shape.getMemberSchemas())) {
    const value = fromForm(member, form, flavour, joined(prefix, memberName(name, member, flavour)));
    if (value !== undefined) members.push([name, value]);
  }
  return members.length === 0 && prefix !== '' ? undefined : Object.fromEntries(members);
}

function list(shape: Shape, form: URLSearchParams, flavour: Flavour, prefix: string): unknown {
  const flat = flavour === 'ec2' || shape.getMergedTraits().xmlFlattened;
  const item = shape.getValueSchema();
  const base = flat ? prefix : joined(prefix, String(item.getMergedTraits().xmlName ?? 'member'));
  const values: unknown[] = [];
  for (let index = 1; ; index++) {
    const value = fromForm(item, form, flavour, `${base}.${index}`);
    if (value === undefined) break;
    values.push(value);
  }
  return values.length === 0 ? undefined : values;
}

function map(shape: Shape, form: URLSearchParams, flavour: Flavour, prefix: string): unknown {
  const base = shape.getMergedTraits().xmlFlattened ? prefix : joined(prefix, 'entry');
  const entries: [string, unknown][] = [];
  for (let index = 1; form.has(`${base}.${index}.key`); index++) {
    const value = fromForm(shape.getValueSchema(), form, flavour, `${base}.${index}.value`);
    entries.push([form.get(`${base}.${index}.key`) ?? '', value]);
  }
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function memberName(name: string, member: Shape, flavour: Flavour): string {
  const { ec2QueryName, xmlName } = member.getMergedTraits();
  if (flavour === 'query') return String(xmlName ?? name);
  if (typeof ec2QueryName === 'string') return ec2QueryName;
  const written = String(xmlName ?? name);
  return written.charAt(0).toUpperCase() + written.slice(1);
}

function joined(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`;
}

function scalar(shape: Shape, text: string): unknown {
  if (shape.isNumericSchema()) return Number(text);
  if (shape.isBooleanSchema()) return text === 'true';
  if (shape.isTimestampSchema()) return new Date(text);
  if (shape.isBlobSchema()) return Buffer.from(text, 'base64');
  return text;
}
