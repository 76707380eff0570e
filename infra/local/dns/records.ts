/** Record sets of Route 53 as answers of the DNS protocol. Pure. */
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import type { Answer } from 'dns-packet';

/** @param name as it was asked; what cannot be said in DNS's own form is left out */
export function answersOf(name: string, { Type: type = '', TTL: ttl = 0, ResourceRecords = [] }: SomeSet): Answer[] {
  return ResourceRecords.flatMap(({ Value = '' }) => {
    const data = forms[type]?.(Value);
    return data === undefined ? [] : [{ name, type, ttl, class: 'IN', data } as Answer];
  });
}

type SomeSet = Pick<ResourceRecordSet, 'TTL' | 'ResourceRecords'> & { readonly Type?: string | undefined };

/** A name without the dot at its end, and without Route 53's escapes. */
export function plainName(name: string): string {
  return unescaped(name.endsWith('.') ? name.slice(0, -1) : name);
}

const asIs = (value: string) => value;
const forms: Readonly<Record<string, (value: string) => unknown>> = {
  A: asIs,
  AAAA: asIs,
  CNAME: plainName,
  NS: plainName,
  PTR: plainName,
  TXT: (value) =>
    (value.match(/"(?:[^"\\]|\\.)*"/g) ?? []).map((text) => Buffer.from(unescaped(text.slice(1, -1)), 'latin1')),
  MX(value) {
    const [preference, exchange = ''] = value.split(' ');
    return { preference: Number(preference), exchange: plainName(exchange) };
  },
  SRV(value) {
    const [priority, weight, port, target = ''] = value.split(' ');
    return { priority: Number(priority), weight: Number(weight), port: Number(port), target: plainName(target) };
  },
  SOA(value) {
    const [mname = '', rname = '', serial, refresh, retry, expire, minimum] = value.split(' ');
    const numbers = { serial, refresh, retry, expire, minimum };
    return {
      mname: plainName(mname),
      rname: plainName(rname),
      ...Object.fromEntries(Object.entries(numbers).map(([field, text]) => [field, Number(text)])),
    };
  },
};

/** `\ooo` is a character in octal, a backslash before anything else stands for that. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})|\\(.)/g, (_, octal?: string, sign?: string) =>
    octal === undefined ? (sign ?? '') : String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
