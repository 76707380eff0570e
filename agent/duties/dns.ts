/**
 * Keeps the cluster's DNS records as they should be, by what Route 53 holds and not by what was written last: whatever
 * somebody changes by hand is repaired, and what is somebody else's is left alone. The leader's agent calls it every few
 * seconds, and only while nobody holds the lock.
 */
import { type Batch, isOfSeveralByLatency } from '#etcd/dnsBatches.ts';
import { type DnsDecision, dnsDecision } from '#etcd/dnsChanges.ts';
import { clusterDomain, type DnsFacts, isMade, type RecordSet, titleOf, unusable } from '#etcd/dnsRecords.ts';
import { type Aws, AwsCallError } from '../machine/aws.ts';
import { createHostedZone } from '../machine/hostedZone.ts';
import type { Log } from '../machine/log.ts';
import type { ClusterRecord } from '../machine/record.ts';

export interface DnsOptions {
  readonly aws: Aws;
  /** Name of the cluster. */
  readonly cluster: string;
  readonly log: Log;
  readonly audit: ClusterRecord['audit'];
  /** A monotonic clock, in milliseconds. */
  readonly nowMs?: () => number;
}

export type ReconcileFacts = Omit<DnsFacts, 'cluster'> & {
  /** Of the hosted zone; private and public zones of one name are told apart by it. */
  readonly zoneId: string;
};

export interface DnsState {
  /** `changed`: all batches were accepted just now. `unknown`: nothing could be said, so nothing was done, or not all of it. */
  readonly verdict: 'inSync' | 'changed' | 'unknown' | 'notOurs';
  /** One sentence; empty when in sync, unless something is to be said of it. */
  readonly reason: string;
  readonly desired: readonly RecordSet[];
  /** What the zone held at the cluster's names, before a change; empty where it could not be read. */
  readonly actual: readonly RecordSet[];
}

export interface Dns {
  /** Lists, decides, submits a batch, or two where the second one is doubtful. Never throws. */
  reconcile(facts: ReconcileFacts): Promise<DnsState>;
}

/** Route 53 takes five requests per second for all of an account: a zone where nothing is to be done is looked at again after this. */
export const lookAgainMs = 10_000;
/** Waited after the first error of a row, in milliseconds; doubled with each further one. */
const pausesMs = { first: 2_000, longest: 60_000 } as const;
const slowDown = new Set(['Throttling', 'ThrottlingException', 'PriorRequestNotComplete', 'ServiceUnavailable']);

/** How long both regions are answered alike before it is tried again otherwise. */
const alikeMs = 600_000;

/** What Route 53 says of a batch that it will not make, however often it is sent. */
const refusal = new Set(['InvalidChangeBatch', 'InvalidInput']);

function isRefusal(error: unknown): boolean {
  return error instanceof AwsCallError && refusal.has(error.code);
}

function isSlowDown(error: unknown): boolean {
  return error instanceof AwsCallError && slowDown.has(error.code);
}

export function createDns({ aws, cluster, log, audit, nowMs = () => performance.now() }: DnsOptions): Dns {
  const zone = createHostedZone(aws);
  /** Nothing is asked before this moment, unless other facts come; what would be said until then. */
  let quiet: { readonly untilMs: number; readonly facts: string | null; readonly state: DnsState } | null = null;
  let pauseMs = 0;
  /** Until then Route 53 is not asked for sets by region, as it has refused them. */
  let alikeUntilMs = Number.NEGATIVE_INFINITY;
  let said = '';

  /** @param again whether Route 53 has refused something in this round */
  async function look(facts: ReconcileFacts, again = false): Promise<DnsState> {
    const own: DnsFacts = { ...facts, cluster };
    const reason = unusable(own);
    if (reason !== null) return unknown(reason);
    const domain = clusterDomain(cluster, facts.zoneName);
    const sets = await zone.recordSets(facts.zoneId, domain);
    const taken = sets.some((one) => isMade(one, domain) && isOfSeveralByLatency(one));
    const alike = nowMs() < alikeUntilMs && !taken;
    const decision = dnsDecision(alike ? { ...own, regions: own.regions.slice(0, 1) } : own, sets);
    if (decision.verdict === 'change') return change(facts, decision, again);
    return { reason: alike && decision.verdict === 'inSync' ? answeredAlike : '', ...decision };
  }

  async function change(
    facts: ReconcileFacts,
    decision: DnsDecision & { verdict: 'change' },
    again: boolean,
  ): Promise<DnsState> {
    const { batches, desired, actual } = decision;
    const made: string[] = [];
    for (const batch of batches) {
      try {
        made.push(await submit(facts.zoneId, batch, decision));
      } catch (error) {
        if (again || !batch.doubtful || !isRefusal(error)) throw error;
        // Nothing of it was made; all else was. Better the same answer for both regions than none, or one that is out of date.
        alikeUntilMs = nowMs() + alikeMs;
        log('dns by region refused', { reason: (error as Error).message, until: answeredAlike }, 'warn');
        return look(facts, true);
      }
    }
    return { verdict: 'changed', reason: made.join(', '), desired, actual };
  }

  /** @returns what was changed @throws Error as HostedZone.change */
  async function submit(zoneId: string, { changes }: Batch, { desired, actual }: DnsDecision): Promise<string> {
    const what = changes.map(({ action, recordSet }) => `${action} ${titleOf(recordSet)}`).join(', ');
    await zone.change(zoneId, changes, `etcd-appliance: cluster ${cluster}`);
    log('dns changed', { zoneId, what });
    const names = new Set(changes.map(({ recordSet }) => recordSet.name));
    const changed = (sets: readonly RecordSet[]) =>
      Object.fromEntries(sets.filter(({ name }) => names.has(name)).map((set) => [titleOf(set), set.values]));
    await audit({
      what: 'DNS records changed',
      why: 'the hosted zone held something else than the members say',
      before: changed(actual),
      after: changed(desired),
    }).catch((error: Error) => log('dns change not in the audit trail', { reason: error.message }, 'error'));
    return what;
  }

  function failed(error: Error): DnsState {
    pauseMs = Math.min(Math.max(pausesMs.first, pauseMs * 2), pausesMs.longest);
    const asked = isSlowDown(error);
    const what = asked ? 'Route 53 wants fewer requests' : 'Route 53 was not read or not changed';
    const why = `${what} (${error.message})`;
    // Other clusters of the account are told the same at the same moment.
    const waitMs = asked ? pauseMs * (1 + Math.random()) : pauseMs;
    const state = unknown(`${why}; the next try is in ${Math.ceil(waitMs / 1_000)} s`);
    quiet = { untilMs: nowMs() + waitMs, facts: null, state };
    return state;
  }

  async function reconcile(facts: ReconcileFacts): Promise<DnsState> {
    const text = JSON.stringify(facts);
    if (quiet !== null && nowMs() < quiet.untilMs && (quiet.facts ?? text) === text) return quiet.state;
    quiet = null;
    try {
      const state = await look(facts);
      pauseMs = 0;
      if (state.verdict !== 'changed') quiet = { untilMs: nowMs() + lookAgainMs, facts: text, state };
      return state;
    } catch (error) {
      return failed(error as Error);
    }
  }

  return {
    async reconcile(facts) {
      const state = await reconcile(facts);
      const news = `${state.verdict} ${state.reason}`;
      if (news !== said && state.verdict !== 'changed')
        log(`dns ${state.verdict}`, { reason: state.reason }, state.verdict === 'inSync' ? 'info' : 'warn');
      said = news;
      return state;
    },
  };
}

const answeredAlike = 'Route 53 does not take several members in one answer by region: both regions are answered alike';

function unknown(reason: string): DnsState {
  return { verdict: 'unknown', reason, desired: [], actual: [] };
}
