/** Writes the XML of the Query protocols' responses from the SDK's schemas. */
import type { Shape } from './schemas.ts';

/** The elements of a structure's members, without an element around them. */
export function toXml(shape: Shape, value: unknown): string {
  if (value === undefined || value === null) return '';
  const source = value as Record<string, unknown>;
  return Object.entries(shape.getMemberSchemas())
    .map(([name, member]) => element(String(member.getMergedTraits().xmlName ?? name), member, source[name]))
    .join('');
}

function element(name: string, shape: Shape, value: unknown): string {
  if (value === undefined || value === null) return '';
  if (shape.isListSchema()) {
    const item = shape.getValueSchema();
    const flat = shape.getMergedTraits().xmlFlattened;
    const itemName = flat ? name : String(item.getMergedTraits().xmlName ?? 'member');
    const items = (value as unknown[]).map((entry) => element(itemName, item, entry)).join('');
    return flat ? items : `<${name}>${items}</${name}>`;
  }
  if (shape.isMapSchema()) {
    const entries = Object.entries(value as Record<string, unknown>)
      .map(
        ([key, entry]) =>
          `<entry><key>${escapeXml(key)}</key>${element('value', shape.getValueSchema(), entry)}</entry>`,
      )
      .join('');
    return `<${name}>${entries}</${name}>`;
  }
  if (shape.isStructSchema()) return `<${name}>${toXml(shape, value)}</${name}>`;
  return `<${name}>${text(value)}</${name}>`;
}

function text(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return escapeXml(String(value));
}

export function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
