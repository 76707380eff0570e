import { Fault } from '#etcd/faults.ts';
import type { RotationRecord } from '#etcd/record.ts';
import { askMembers, untilSteady } from '../agents/ask.ts';
import { readGroups, suspendProcesses } from '../aws/group.ts';
import { writeOperation } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import type { GroupState } from '../plan/group.ts';
import { healthProblems, type MemberReport } from '../plan/memberReports.ts';
import { movedTo, nextGroup, rotatedGroup, settledInAll } from '../plan/rotatedGroups.ts';
import { type RotationStep, rotationStep } from '../plan/rotationStep.ts';
import { giveBack } from './giveBack.ts';
import { ownRotation } from './ownRotation.ts';

type Input = Tasks['chooseInstance']['input'];

/** Decides by what is true now which instance is next, and notes it. @throws Fault `MemberNotHealthy` where a member is not */
export async function handler({ execution, token, leaseSeconds }: Input): Promise<Tasks['chooseInstance']['output']> {
  await renewLease({ holder: execution, token }, leaseSeconds);
  const record = await ownRotation(token);
  const { groups, reports } = await untilSteady(async () => {
    const groups = await readGroups();
    const reports = await askMembers(settledInAll(record, groups), execution);
    return { seen: { groups, reports }, passing: healthProblems(reports) };
  });
  const problems = healthProblems(reports);
  if (problems.length > 0) throw new Fault('MemberNotHealthy', `nothing more is replaced: ${problems.join('; ')}`);
  const next = await stepAmong(groups, record, reports);
  await writeOperation(next.record);
  if (next.step === 'done') return { step: 'done', old: '', witness: '', known: [] };
  return { step: next.step, old: next.old, witness: next.witness, known: next.record.current?.known ?? [] };
}

/** Once a region has nobody left, its group is given back before the next one is begun with. */
async function stepAmong(
  groups: readonly GroupState[],
  record: RotationRecord,
  reports: readonly MemberReport[],
): Promise<RotationStep> {
  const group = rotatedGroup(record, groups);
  // Where a lease ran out, the leader's agent has resumed them.
  const missing = record.suspended.filter((process) => !group.suspendedProcesses.includes(process));
  const next = rotationStep({ record, group, reports, now: new Date().toISOString() });
  const other = next.step === 'done' ? nextGroup(next.record, groups) : null;
  if (other === null) {
    await suspendProcesses(group.region, missing);
    return next;
  }
  await giveBack(next.record, group);
  const moved = movedTo(next.record, other);
  await writeOperation(moved);
  return stepAmong(groups, moved, reports);
}
