/** In which batches changes of a hosted zone are made: Route 53 makes each whole or not at all. Pure. */
import { type RecordSet, typeOfKind } from './dnsRecords.ts';
import { targetOf } from './dnsValues.ts';

export interface RecordChange {
  /** CREATE where there is none: it fails, and the batch with it, when somebody else was faster. */
  readonly action: 'CREATE' | 'UPSERT' | 'DELETE';
  readonly recordSet: RecordSet;
}

export interface Batch {
  readonly changes: readonly RecordChange[];
  /** It makes sets of which nobody knows whether Route 53 takes them: where it is refused, what was made before it stays. */
  readonly doubtful: boolean;
}

/** Of one batch (AWS: ChangeResourceRecordSets): ResourceRecord elements and characters of values; an UPSERT counts twice. */
export const batchLimits = { records: 1_000, characters: 32_000 } as const;

/** All changes of one name: they are never in two batches. */
type Group = readonly RecordChange[];

/**
 * One batch, so that nobody ever sees half of a change. But what AWS says of latency routing with several values in a set differs (decisions,
 * "one hosted zone answers each region by latency routing"). As long as the zone has none to prove that Route 53 takes them, peers, addresses
 * and the marker go first, alone, so that they are there whatever becomes of the rest. Together stay, as the doubtful batch:
 * - all services for clients, since what one name loses another one may get, as on the way to TLS;
 * - and, after them, the addresses that these name until then: who leaves is no name without an address for anybody.
 * @param groups the changes of each name
 * @param actual the cluster's own sets in the zone
 * @param isClient whether a name is one of a service for clients
 */
export function batchesOf(
  groups: readonly Group[],
  actual: readonly RecordSet[],
  isClient: (name: string) => boolean,
): readonly Batch[] {
  const proven = actual.some(isOfSeveralByLatency);
  const inDoubt = groups.flat().some(({ action, recordSet }) => action !== 'DELETE' && isOfSeveralByLatency(recordSet));
  if (proven || !inDoubt) return present([{ changes: withinLimits(groups), doubtful: false }]);
  const named = new Set(actual.filter(({ name }) => isClient(name)).flatMap(({ values }) => values.map(targetOf)));
  const clients = groups.filter(([first]) => first !== undefined && isClient(first.recordSet.name));
  const later = groups.filter(
    (group) => !clients.includes(group) && group.some((change) => takesAddress(change, named)),
  );
  const before = groups.filter((group) => !clients.includes(group) && !later.includes(group));
  const first = withinLimits(before);
  // What does not fit comes in the next round, and what builds on it after that.
  const whole = first.length === before.flat().length;
  const rest = whole ? withinLimits([...clients, ...later]) : [];
  return present([
    { changes: first, doubtful: false },
    { changes: rest, doubtful: true },
  ]);
}

/** One of ours that Route 53 has taken. */
export function isOfSeveralByLatency({ routing, values }: RecordSet): boolean {
  return typeof routing !== 'string' && values.length > 1;
}

function takesAddress({ action, recordSet }: RecordChange, named: ReadonlySet<string>): boolean {
  return action === 'DELETE' && recordSet.type === typeOfKind.member && named.has(recordSet.name);
}

function present(batches: readonly Batch[]): readonly Batch[] {
  return batches.filter(({ changes }) => changes.length > 0);
}

/** The first of them that one batch may hold; the rest comes in the next round. @param groups each whole or not at all */
export function withinLimits(groups: readonly Group[]): readonly RecordChange[] {
  let records = 0;
  let characters = 0;
  return groups
    .filter((group) => {
      for (const { action, recordSet } of group) {
        const times = action === 'UPSERT' ? 2 : 1;
        records += times * recordSet.values.length;
        characters += times * recordSet.values.join('').length;
      }
      return records <= batchLimits.records && characters <= batchLimits.characters;
    })
    .flat();
}
