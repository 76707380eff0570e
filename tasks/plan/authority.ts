/**
 * The certificate authorities of a cluster, one for each generation of its key: which one signs, and how one takes the place of
 * another. Pure.
 */
import type { CertificateAuthority } from '#etcd/authorityRecord.ts';
import type { AuthorityStep, WaitedClient } from '../catalogue.ts';
import { isLongEnough } from './certificateContents.ts';

/** A key that the deployment has. */
export interface AuthorityKey {
  /** As the setting `certificateAuthorityGeneration` counts them. */
  readonly generation: number;
  readonly arn: string;
}

export interface KnownAuthority extends CertificateAuthority {
  /** SHA-256 of the certificate, 64 hex digits, lower case. */
  readonly fingerprint: string;
  readonly endsAtMs: number;
}

/** A certificate that an operator had signed for a client, and that has not ended. */
export interface IssuedClient {
  readonly name: string;
  /** Hex. */
  readonly serial: string;
  /** ARN of the key that signed it. */
  readonly signedBy: string;
  /** ARNs of the keys whose CA certificates were handed out with it. */
  readonly trusts: readonly string[];
  /** ISO 8601 */
  readonly notAfter: string;
}

/** `1 2`, oldest first: the generations that a deployment keeps the keys of, by the one that it asks for. */
export function keptGenerations(generation: number): readonly number[] {
  return generation === 1 ? [1] : [generation - 1, generation];
}

/** Those that are trusted and whose key the deployment does not have (any more). */
export function withoutKey<Authority extends Pick<CertificateAuthority, 'keyArn'>>(
  authorities: readonly Authority[],
  keys: readonly AuthorityKey[],
): readonly Authority[] {
  return authorities.filter(({ keyArn }) => keys.every(({ arn }) => arn !== keyArn));
}

export type Issuing = { readonly use: KnownAuthority } | { readonly make: AuthorityKey };

/**
 * Who signs: the authority that stands first, whatever newer keys there are. A certificate of its key that would soon end is
 * followed by another one of the same key, which whoever trusts the first takes for the same authority.
 * @param known all of keys of the deployment, with those that have ended
 * @param keys oldest first, at least one
 * @param days lifetime of what is to be signed
 */
export function issuing(
  known: readonly KnownAuthority[],
  keys: readonly AuthorityKey[],
  nowMs: number,
  days: number,
): Issuing {
  const signing = known[0]?.keyArn ?? keys.at(-1)?.arn;
  const use = known.find(({ keyArn, endsAtMs }) => keyArn === signing && isLongEnough(endsAtMs, nowMs, days));
  if (use !== undefined) return { use };
  const make = keys.find(({ arn }) => arn === signing);
  if (make === undefined) throw new Error(`the deployment does not have the key ${signing}`);
  return { make };
}

export interface AuthorityMove {
  readonly step: AuthorityStep;
  /** Of the authority that is wanted. */
  readonly generation: number;
  /** Whether it waits for clients that it would cut off. */
  readonly waits: boolean;
}

export type Moved =
  /** It was done before. */
  | { readonly verdict: 'done' }
  | { readonly verdict: 'write'; readonly certificates: readonly KnownAuthority[] }
  /** To be put last, once it is made. */
  | { readonly verdict: 'make'; readonly key: AuthorityKey }
  | { readonly verdict: 'waiting'; readonly clients: readonly WaitedClient[] }
  /** It does not begin where this step begins. */
  | { readonly verdict: 'refused'; readonly why: string };

/**
 * One step from what is trusted now. Each can be repeated, and none can be taken before the one that it follows.
 * @param known the one that signs first, without those that have ended
 * @param clients that have not ended
 */
export function moved(
  known: readonly KnownAuthority[],
  keys: readonly AuthorityKey[],
  { step, generation, waits }: AuthorityMove,
  clients: readonly IssuedClient[],
): Moved {
  const key = keys.find((one) => one.generation === generation);
  if (key === undefined) return refused(`the deployment does not have the key of generation ${generation}`);
  const wanted = known.filter(({ keyArn }) => keyArn === key.arn);
  const others = known.filter(({ keyArn }) => keyArn !== key.arn);
  if (step === 'trust') return trusted(key, wanted, others);
  if (wanted.length === 0) return refused(`the authority of generation ${generation} is not trusted yet`);
  const signs = known[0]?.keyArn === key.arn;
  if (step === 'sign') {
    if (signs) return { verdict: 'done' };
    const unaware = waits ? clientsUnaware(clients, key) : [];
    if (unaware.length > 0) return { verdict: 'waiting', clients: unaware };
    return { verdict: 'write', certificates: [...wanted, ...others] };
  }
  if (others.length === 0) return { verdict: 'done' };
  if (!signs) return refused(`the authority of generation ${generation} does not sign yet`);
  const cutOff = waits ? clientsCutOff(clients, key) : [];
  return cutOff.length > 0 ? { verdict: 'waiting', clients: cutOff } : { verdict: 'write', certificates: wanted };
}

function trusted(key: AuthorityKey, wanted: readonly KnownAuthority[], others: readonly KnownAuthority[]): Moved {
  if (wanted.length > 0) return { verdict: 'done' };
  const generations = [...new Set(others.map(({ generation }) => generation))];
  if (generations.length === 1) return { verdict: 'make', key };
  return refused(`the authorities of generation ${generations.join(', ') || 'none'} are trusted, where one is to be`);
}

function refused(why: string): Moved {
  return { verdict: 'refused', why };
}

/** Those who have no CA certificate of the one that is wanted: they would not know the members any more. */
export function clientsUnaware(clients: readonly IssuedClient[], wanted: AuthorityKey): readonly WaitedClient[] {
  return waitedFor(clients, ({ trusts }) => trusts.includes(wanted.arn));
}

/** Those whose certificate another authority has signed: the members would not know them any more. */
export function clientsCutOff(clients: readonly IssuedClient[], wanted: AuthorityKey): readonly WaitedClient[] {
  return waitedFor(clients, ({ signedBy }) => signedBy === wanted.arn);
}

function waitedFor(
  clients: readonly IssuedClient[],
  isWell: (client: IssuedClient) => boolean,
): readonly WaitedClient[] {
  const well = new Set(clients.filter(isWell).map(({ name }) => name));
  return clients
    .filter((client) => !isWell(client))
    .map(({ name, serial, notAfter }) => ({ name, serial, notAfter, renewed: well.has(name) }));
}
