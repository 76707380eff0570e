/** From the bytes of a query to the bytes of its answer. Pure. */
import { decode, encode, type OptAnswer, type Packet, TRUNCATED_RESPONSE } from 'dns-packet';
import { answerTo, response, responseCodes, type ServedZone } from './answer.ts';

/** What a resolver takes that does not say (RFC 1035), what we say that we take, and TCP's own limit, in bytes. */
const sizes = { plain: 512, ours: 1_232, tcp: 65_535 } as const;

export interface Place {
  readonly zones: readonly ServedZone[];
  /** Of the VPC whose resolver answers. */
  readonly region: string;
}

/** @returns null where nothing should be said: what is no query, or too short to answer. */
export function answerBytes(message: Buffer, { zones, region }: Place, transport: 'udp' | 'tcp'): Buffer | null {
  if (message.length < 12 || ((message[2] ?? 0) & 0x80) !== 0) return null;
  const query = decoded(message);
  if (query === null) return encode(response({ id: message.readUInt16BE(0) }, responseCodes.formatError));
  const edns = query.additionals?.find((one): one is OptAnswer => one.type === 'OPT');
  const allowed = edns === undefined ? sizes.plain : Math.max(sizes.plain, Math.min(edns.udpPayloadSize, sizes.ours));
  return fitting(answerTo(query, zones, region), edns, transport === 'tcp' ? sizes.tcp : allowed);
}

function decoded(message: Buffer): Packet | null {
  try {
    return decode(message);
  } catch {
    return null;
  }
}

/** Additional records go first where there is no room; then the rest, and the client asks again over TCP. */
function fitting(answer: Packet, edns: OptAnswer | undefined, most: number): Buffer {
  const options = edns === undefined ? [] : [ourOptions];
  const whole = encode({ ...answer, additionals: [...(answer.additionals ?? []), ...options] });
  if (whole.length <= most) return whole;
  const bare = encode({ ...answer, additionals: options });
  if (bare.length <= most) return bare;
  const { id, type, questions, flags = 0 } = answer;
  return encode({ ...{ id, type, questions }, flags: flags | TRUNCATED_RESPONSE, additionals: options });
}

const ourOptions: OptAnswer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: sizes.ours,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};
