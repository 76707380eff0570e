/** Values of the SDK's types <-> the JSON of AWS's JSON protocols (dates are epoch seconds, blobs base64). */

import type { Shape } from './schemas.ts';
import { AwsError } from './service.ts';

/** Reads a request's body; members that the shape does not have are left out, as AWS ignores them. */
export function fromJson(shape: Shape, value: unknown, where = 'input'): unknown {
  if (value === undefined || value === null) return undefined;
  if (shape.isStructSchema()) {
    const body = record(value, where);
    const members = Object.entries(shape.getMemberSchemas()).map(([name, member]) => {
      const key = String(member.getMergedTraits().jsonName ?? name);
      return [name, fromJson(member, body[key], `${where}.${name}`)] as const;
    });
    return Object.fromEntries(members.filter(([, member]) => member !== undefined));
  }
  if (shape.isListSchema()) {
    if (!Array.isArray(value)) throw wrongType(where, 'a list');
    return value.map((entry, index) => fromJson(shape.getValueSchema(), entry, `${where}[${index}]`));
  }
  if (shape.isMapSchema()) {
    const entries = Object.entries(record(value, where));
    return Object.fromEntries(
      entries.map(([key, entry]) => [key, fromJson(shape.getValueSchema(), entry, `${where}.${key}`)]),
    );
  }
  return scalar(shape, value, where);
}

function scalar(shape: Shape, value: unknown, where: string): unknown {
  if (shape.isTimestampSchema()) {
    return typeof value === 'number' ? new Date(value * 1000) : new Date(String(value));
  }
  if (shape.isBlobSchema()) return Buffer.from(String(value), 'base64');
  if (shape.isStringSchema() && typeof value !== 'string') throw wrongType(where, 'a string');
  if (shape.isNumericSchema() && typeof value !== 'number') throw wrongType(where, 'a number');
  if (shape.isBooleanSchema() && typeof value !== 'boolean') throw wrongType(where, 'true or false');
  return value;
}

function record(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(where, 'an object');
  return value as Record<string, unknown>;
}

function wrongType(where: string, wanted: string): AwsError {
  return new AwsError('SerializationException', `${where} must be ${wanted}`);
}

/** Writes a response. */
export function toJson(shape: Shape, value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  if (value instanceof Date)
    return shape.getMergedTraits().timestampFormat ? value.toISOString() : value.getTime() / 1000;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (shape.isStructSchema()) {
    const source = value as Record<string, unknown>;
    const members = Object.entries(shape.getMemberSchemas()).map(([name, member]) => {
      return [String(member.getMergedTraits().jsonName ?? name), toJson(member, source[name])] as const;
    });
    return Object.fromEntries(members.filter(([, member]) => member !== undefined));
  }
  if (shape.isListSchema()) return (value as unknown[]).map((entry) => toJson(shape.getValueSchema(), entry));
  if (shape.isMapSchema()) {
    const entries = Object.entries(value as Record<string, unknown>);
    return Object.fromEntries(entries.map(([key, entry]) => [key, toJson(shape.getValueSchema(), entry)]));
  }
  return value;
}
