import { Fault } from '#etcd/faults.ts';
import { askMembers, untilSteady } from '../agents/ask.ts';
import { readGroup, suspendProcesses } from '../aws/group.ts';
import { writeOperation } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { healthProblems } from '../plan/memberReports.ts';
import { settledInstances } from '../plan/rotationRecord.ts';
import { rotationStep } from '../plan/rotationStep.ts';
import { ownRotation } from './ownRotation.ts';

type Input = Tasks['chooseInstance']['input'];

/** Decides by what is true now which instance is next, and notes it. @throws Fault `MemberNotHealthy` where a member is not */
export async function handler({ execution, token, leaseSeconds }: Input): Promise<Tasks['chooseInstance']['output']> {
  await renewLease({ holder: execution, token }, leaseSeconds);
  const record = await ownRotation(token);
  const { group, reports } = await untilSteady(async () => {
    const group = await readGroup();
    const reports = await askMembers(settledInstances(record, group), execution);
    return { seen: { group, reports }, passing: healthProblems(reports) };
  });
  const problems = healthProblems(reports);
  if (problems.length > 0) throw new Fault('MemberNotHealthy', `nothing more is replaced: ${problems.join('; ')}`);
  // Where a lease ran out, the leader's agent has resumed them.
  await suspendProcesses(record.suspended.filter((process) => !group.suspendedProcesses.includes(process)));
  const next = rotationStep({ record, group, reports, now: new Date().toISOString() });
  await writeOperation(next.record);
  if (next.step === 'done') return { step: 'done', old: '', witness: '', known: [] };
  return { step: next.step, old: next.old, witness: next.witness, known: next.record.current?.known ?? [] };
}
