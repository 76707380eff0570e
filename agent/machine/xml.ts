/** The XML that AWS's Query and REST services answer with, as plain objects; sax reads it, one small file without dependencies. */
import sax from 'sax';

/** Text, or elements by name; each name holds all its elements, in order. */
export type XmlValue = string | XmlElement;
export interface XmlElement {
  readonly [name: string]: readonly XmlValue[];
}

interface Open {
  readonly name: string;
  readonly children: Record<string, XmlValue[]>;
  text: string;
}

/** The content of the document's root element. @throws Error where it is no XML. */
export function parseXml(text: string): XmlValue {
  const parser = sax.parser(true);
  const open: Open[] = [{ name: '', children: {}, text: '' }];
  parser.onopentag = ({ name }) => void open.push({ name, children: {}, text: '' });
  parser.ontext = (piece) => {
    const top = open.at(-1);
    if (top !== undefined) top.text += piece;
  };
  parser.onclosetag = () => {
    const closed = open.pop();
    const parent = open.at(-1);
    if (closed === undefined || parent === undefined) return;
    const value = Object.keys(closed.children).length > 0 ? closed.children : closed.text;
    parent.children[closed.name] = [...(parent.children[closed.name] ?? []), value];
  };
  parser.onerror = (error) => {
    throw error;
  };
  parser.write(text).close();
  const [root] = Object.values(open[0]?.children ?? {});
  return root?.[0] ?? '';
}

/** All elements at a path of names: `all(answer, 'reservationSet', 'item')`. */
export function all(value: XmlValue | undefined, ...path: readonly string[]): readonly XmlValue[] {
  let found: readonly XmlValue[] = value === undefined ? [] : [value];
  for (const name of path) found = found.flatMap((one) => (typeof one === 'string' ? [] : (one[name] ?? [])));
  return found;
}

/** The text at a path; empty where there is none. */
export function textAt(value: XmlValue | undefined, ...path: readonly string[]): string {
  const [first] = all(value, ...path);
  return typeof first === 'string' ? first : '';
}

/** Text for the inside of an element. */
export function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
