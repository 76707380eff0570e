/** What a rotation would do: the answer of a dry run. Pure. */
import type { RotationPlan } from '../catalogue.ts';
import { withinBounds } from './group.ts';
import { leaderOf } from './memberReports.ts';
import type { PreflightFacts } from './rotationPreflight.ts';
import { begunRotation, goesOn, interfering, settledInstances } from './rotationRecord.ts';
import type { RotationRequest } from './rotationRequest.ts';
import { rotationOrder } from './rotationStep.ts';

type Facts = Pick<PreflightFacts, 'lock' | 'holderEnded' | 'group' | 'rotation' | 'reports'>;

function carriesOn({ lock, holderEnded, rotation }: Facts, request: RotationRequest): boolean {
  return goesOn(rotation, request, holderEnded ? (lock?.token ?? null) : null);
}

/** Says which of the request's instances the group does not have, nor had when the rotation that is gone on with began. */
export function unknownInstances(facts: Facts, request: RotationRequest): string | null {
  const { group, rotation } = facts;
  if (request.instances === 'all') return null;
  const there = settledInstances(rotation, group);
  const earlier = carriesOn(facts, request) ? (rotation?.instances ?? []) : [];
  const unknown = request.instances.filter((id) => !there.includes(id) && !earlier.includes(id));
  if (unknown.length === 0) return null;
  return `instances has ${unknown.join(', ')}, not in the group ${group.name}; allowed: ${there.join(', ')}`;
}

export function rotationPlan(facts: Facts, request: RotationRequest): RotationPlan {
  const { group, rotation, reports } = facts;
  const resumes = carriesOn(facts, request);
  const begin = { cluster: '', execution: '', token: 0, now: '', request, goesOn: resumes };
  const record = begunRotation(rotation, group, begin);
  const leader = leaderOf(reports);
  const zoneOf = new Map(group.instances.map(({ instanceId, zone }) => [instanceId, zone]));
  const order = rotationOrder(record, group, leader).map((instanceId) => ({
    instanceId,
    zone: zoneOf.get(instanceId) ?? '',
    leads: instanceId === leader,
  }));
  const wanted = withinBounds(group, record.desiredCapacity);
  return {
    order,
    alreadyReplaced: record.replaced.map(({ old }) => old),
    goesOnWith: resumes ? record.beganAt : null,
    steps: [
      `take the lock of the cluster and suspend ${interfering.join(', ')} of the group ${group.name}`,
      ...order.map(
        ({ instanceId, leads }) =>
          `${instanceId}${leads ? ' (leads now)' : ''}: raise the desired capacity from ${wanted} to ${wanted + 1}, wait until the new member is healthy, terminate ${instanceId}, wait until its member has left`,
      ),
      `resume what was suspended, with the desired capacity at ${wanted}, and release the lock`,
    ],
  };
}
