/** What the resolver of a VPC answers from these zones (RFC 1034, 2308, 2782; AWS: Latency-based routing in private hosted zones). Pure. */
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { type Answer, AUTHORITATIVE_ANSWER, type Packet, type Question, RECURSION_DESIRED } from 'dns-packet';
import { canonicalName, isWithin } from '#etcd/dnsNames.ts';
import { answersOf, plainName } from './records.ts';

export interface ServedZone {
  /** Canonical. */
  readonly name: string;
  /** Private zones come before public ones of the same name, as in a VPC. */
  readonly vpcs: readonly unknown[];
  readonly recordSets: readonly ResourceRecordSet[];
}

export const responseCodes = { noError: 0, formatError: 1, nameError: 3, notImplemented: 4, refused: 5 } as const;

/** Longest chain of CNAMEs that is followed. */
const longestChain = 8;

/**
 * @param query as decoded
 * @param region of the VPC that asks
 */
export function answerTo(query: Packet, zones: readonly ServedZone[], region: string): Packet {
  const { flags = 0, questions = [] } = query;
  const [question] = questions;
  if (((flags >> 11) & 15) !== 0) return response(query, responseCodes.notImplemented);
  if (question === undefined || questions.length > 1) return response(query, responseCodes.formatError);
  const zone = zoneOf(canonicalName(question.name), zones);
  if (zone === null || (question.class ?? 'IN') !== 'IN') return response(query, responseCodes.refused);
  return response(query, ...lookUp(question, { ...zone, recordSets: seenFrom(region, zone.recordSets) }));
}

export function response(query: Packet, code: number, sections: Partial<Packet> = {}, authoritative = false): Packet {
  const asked = (query.flags ?? 0) & RECURSION_DESIRED;
  return {
    type: 'response',
    id: query.id ?? 0,
    flags: asked | code | (authoritative ? AUTHORITATIVE_ANSWER : 0),
    questions: query.questions ?? [],
    ...sections,
  };
}

/** Of the sets of latency routing at a name and type, one: the region's own or, where it has none, the first. */
function seenFrom(region: string, recordSets: readonly ResourceRecordSet[]): readonly ResourceRecordSet[] {
  return recordSets.filter((set) => {
    if (set.Region === undefined) return true;
    const among = recordSets.filter(({ Name, Type }) => Name === set.Name && Type === set.Type);
    return set === (among.find(({ Region }) => Region === region) ?? among[0]);
  });
}

type Said = [code: number, sections: Partial<Packet>, authoritative: true];

function lookUp(question: Question, zone: ServedZone): Said {
  const answers: Answer[] = [];
  let name = canonicalName(question.name);
  let written = question.name;
  for (let step = 0; step < longestChain; step++) {
    const sets = zone.recordSets.filter(({ Name }) => Name === name);
    const found = sets.filter(({ Type }) => matches(Type ?? '', question.type));
    answers.push(...found.flatMap((set) => answersOf(written, set)));
    if (found.length > 0) return [responseCodes.noError, { answers, additionals: addressesOf(answers, zone) }, true];
    const alias = sets.find(({ Type }) => Type === 'CNAME');
    const target = alias?.ResourceRecords?.[0]?.Value;
    if (alias === undefined || target === undefined) {
      const exists = sets.length > 0 || zone.recordSets.some(({ Name = '' }) => isWithin(Name, name));
      const code = exists ? responseCodes.noError : responseCodes.nameError;
      return [code, { answers, authorities: startOfAuthority(zone) }, true];
    }
    answers.push(...answersOf(written, alias));
    name = canonicalName(target);
    written = plainName(target);
    // Where it leads out of the zone, the client asks on.
    if (!isWithin(name, zone.name)) break;
  }
  return [responseCodes.noError, { answers }, true];
}

function matches(type: string, asked: string): boolean {
  return type === asked || asked === 'ANY';
}

/** The addresses of services, so that nobody has to ask again. */
function addressesOf(answers: readonly Answer[], zone: ServedZone): Answer[] {
  const targets = new Set(answers.flatMap((answer) => (answer.type === 'SRV' ? [answer.data.target] : [])));
  return [...targets].flatMap((target) =>
    zone.recordSets
      .filter(({ Name, Type }) => Name === canonicalName(target) && (Type === 'A' || Type === 'AAAA'))
      .flatMap((set) => answersOf(target, set)),
  );
}

/** How long a client may keep that there is nothing is the lower of the record's TTL and its last field (RFC 2308). */
function startOfAuthority({ name, recordSets }: ServedZone): Answer[] {
  const soa = recordSets.find(({ Name, Type }) => Name === name && Type === 'SOA');
  return soa === undefined ? [] : answersOf(plainName(name), soa);
}

/** The zone with the longest name. */
function zoneOf(name: string, zones: readonly ServedZone[]): ServedZone | null {
  const rank = (zone: ServedZone) => zone.name.length * 2 + Math.min(1, zone.vpcs.length);
  const [best] = zones.filter((zone) => isWithin(name, zone.name)).sort((a, b) => rank(b) - rank(a));
  return best ?? null;
}
