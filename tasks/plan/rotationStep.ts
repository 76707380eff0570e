/** Which instance is replaced next. Pure. */
import type { RotationRecord } from '#etcd/record.ts';
import { type GroupState, stayingInstances } from './group.ts';
import { leaderOf, listedNames, type MemberReport } from './memberReports.ts';
import {
  notedReplacement,
  remainingInstances,
  settledInstances,
  surplusInstance,
  withCurrent,
} from './rotationRecord.ts';

export type RotationStep =
  /** A successor is brought up for `current.old`. */
  | { readonly step: 'replace'; readonly record: RotationRecord; readonly old: string; readonly witness: string }
  /** The old member is on its way out already. */
  | { readonly step: 'leave'; readonly record: RotationRecord; readonly old: string; readonly witness: string }
  | { readonly step: 'done'; readonly record: RotationRecord };

export interface StepFacts {
  readonly record: RotationRecord;
  readonly group: GroupState;
  /** One of each settled instance, all healthy. */
  readonly reports: readonly MemberReport[];
  /** ISO 8601 */
  readonly now: string;
}

/** What is next, by what is true now, with the record as it is then. */
export function rotationStep({ record, group, reports, now }: StepFacts): RotationStep {
  const { current } = record;
  const staying = stayingInstances(group).map(({ instanceId }) => instanceId);
  if (current !== undefined && !staying.includes(current.old)) {
    const { old } = current;
    const witness = witnessFor(old, current.successor, reports);
    if (listedNames(reports).includes(old)) return { step: 'leave', record, old, witness };
    return rotationStep({ record: notedReplacement(record, now), group, reports, now });
  }
  const [old] = rotationOrder(record, group, leaderOf(reports));
  if (old === undefined) return { step: 'done', record };
  // A successor that was given up is a member until it has left: it is not the one that is waited for.
  const leaving = listedNames(reports).filter((name) => !staying.includes(name));
  const known = [...settledInstances(record, group), ...leaving];
  const successor = surplusInstance(record, group);
  const beganAt = current?.old === old ? current.beganAt : now;
  const next = { old, known, beganAt, ...(successor !== null && { successor }) };
  return { step: 'replace', record: withCurrent(record, next), old, witness: witnessFor(old, undefined, reports) };
}

/**
 * The instances that remain, in the order in which they are replaced: followers first, the leader last, so that leadership
 * moves once. Among followers, those of the zone with the most instances first: their successors spread the cluster again.
 */
export function rotationOrder(record: RotationRecord, group: GroupState, leader: string | null): readonly string[] {
  const zoneOf = new Map(group.instances.map(({ instanceId, zone }) => [instanceId, zone]));
  const crowd = (id: string) => stayingInstances(group).filter(({ zone }) => zone === zoneOf.get(id)).length;
  const rank = (id: string) => (id === leader ? 1 : 0);
  return [...remainingInstances(record, group)].sort((a, b) => rank(a) - rank(b) || crowd(b) - crowd(a));
}

/** A member that sees the others come and go, and does not go itself, unless it is alone. */
function witnessFor(old: string, successor: string | undefined, reports: readonly MemberReport[]): string {
  const others = reports.map(({ instanceId }) => instanceId).filter((id) => id !== old);
  return (successor !== undefined && others.includes(successor) ? successor : others[0]) ?? old;
}
