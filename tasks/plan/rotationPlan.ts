/** What a rotation would do: the answer of a dry run. Pure. */
import type { RotationRecord } from '#etcd/record.ts';
import type { RotationPlan } from '../catalogue.ts';
import { type GroupState, withinBounds } from './group.ts';
import { leaderOf } from './memberReports.ts';
import { movedTo, nextGroup, rotatedGroup, settledInAll } from './rotatedGroups.ts';
import type { PreflightFacts } from './rotationPreflight.ts';
import { type Beginning, begunRotation, goesOn, interfering, owedBy } from './rotationRecord.ts';
import type { RotationRequest } from './rotationRequest.ts';
import { rotationOrder } from './rotationStep.ts';

type Facts = Pick<PreflightFacts, 'lock' | 'holderEnded' | 'groups' | 'rotation' | 'reports'>;

function carriesOn({ lock, holderEnded, rotation }: Facts, request: RotationRequest): boolean {
  return goesOn(rotation, request, holderEnded ? (lock?.token ?? null) : null);
}

/** Says which of the request's instances no group has, nor had when the rotation that is gone on with began. */
export function unknownInstances(facts: Facts, request: RotationRequest): string | null {
  const { groups, rotation } = facts;
  if (request.instances === 'all') return null;
  const there = settledInAll(rotation, groups);
  const earlier = carriesOn(facts, request) ? (rotation?.instances ?? []) : [];
  const unknown = request.instances.filter((id) => !there.includes(id) && !earlier.includes(id));
  if (unknown.length === 0) return null;
  return `instances has ${unknown.join(', ')}, not in the group ${groups[0]?.name}; allowed: ${there.join(', ')}`;
}

/**
 * The record as the rotation begins: at the group that an earlier one has not given back, or at the first that has an instance to replace.
 */
export function beginning(
  rotation: RotationRecord | null,
  groups: readonly GroupState[],
  begin: Beginning,
): RotationRecord {
  const settled = settledInAll(rotation, groups);
  const owed = owedBy(rotation);
  const record = begunRotation(rotation, { group: rotatedGroup(owed, groups), settled }, begin);
  const first = nextGroup(record, groups);
  return owed !== null || first === null ? record : movedTo(record, first);
}

export function rotationPlan(facts: Facts, request: RotationRequest): RotationPlan {
  const { groups, rotation, reports } = facts;
  const resumes = carriesOn(facts, request);
  const begin = { cluster: '', execution: '', token: 0, now: '', request, goesOn: resumes };
  const record = beginning(rotation, groups, begin);
  const leader = leaderOf(reports);
  const rotated = inOrder(record, groups);
  const each = rotated.map((group) => ({ group, order: rotationOrder(record, group, leader) }));
  return {
    order: each.flatMap(({ group, order }) => order.map((instanceId) => placeOf(instanceId, group, leader))),
    alreadyReplaced: record.replaced.map(({ old }) => old),
    goesOnWith: resumes ? record.beganAt : null,
    steps: [
      'take the lock of the cluster',
      ...each.flatMap(({ group, order }) => stepsOf(group, order, leader, record)),
      'release the lock',
    ],
  };
}

/** As they are rotated: the one that the record is at, then the others. */
function inOrder(record: RotationRecord, groups: readonly GroupState[]): readonly GroupState[] {
  const at = rotatedGroup(record, groups);
  const rest = groups.filter((group) => group !== at);
  const next = nextGroup(record, rest);
  return next === null ? [at] : [at, ...inOrder({ ...record, region: next.region }, rest)];
}

function placeOf(instanceId: string, { instances }: GroupState, leader: string | null): RotationPlan['order'][number] {
  const zone = instances.find((one) => one.instanceId === instanceId)?.zone ?? '';
  return { instanceId, zone, leads: instanceId === leader };
}

function stepsOf(
  group: GroupState,
  order: readonly string[],
  leader: string | null,
  record: RotationRecord,
): readonly string[] {
  const noted = group.region === record.region ? record.desiredCapacity : group.desiredCapacity;
  const wanted = withinBounds(group, noted);
  const place = `${group.name} in ${group.region}`;
  return [
    `suspend ${interfering.join(', ')} of the group ${place}`,
    ...order.map(
      (id) =>
        `${id}${id === leader ? ' (leads now)' : ''}: raise the desired capacity from ${wanted} to ${wanted + 1}, wait until the new member is healthy, terminate ${id}, wait until its member has left`,
    ),
    `resume what was suspended of ${place}, with the desired capacity at ${wanted}`,
  ];
}
