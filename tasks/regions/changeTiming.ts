import { Fault } from '#etcd/faults.ts';
import { askMembers } from '../agents/ask.ts';
import { environment } from '../aws/environment.ts';
import { readGroups } from '../aws/group.ts';
import { audit, putTiming } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { stayingInAll } from '../plan/group.ts';
import { listedNames, type MemberReport } from '../plan/memberReports.ts';
import { judgeRoundTrips } from '../plan/timing.ts';

type Input = Tasks['changeTiming']['input'];

/**
 * Notes how fast the members beat from now on, and lets them restart for it under the lock.
 * @throws Fault `RegionsTooFar` where the regions do not reach each other, or too slowly: then nothing was changed
 */
export async function handler(input: Input): Promise<Tasks['changeTiming']['output']> {
  const { execution, token, leaseSeconds, measured, maxRoundTripMs } = input;
  const judged = judgeRoundTrips(measured, maxRoundTripMs);
  if (judged.verdict === 'unfit') throw new Fault('RegionsTooFar', judged.problems.join('; '));
  await renewLease({ holder: execution, token }, leaseSeconds, (lock) => ({ ...lock, tunes: true }));
  const { timing, roundTripMs } = judged;
  const members = membersAmong(
    await askMembers(
      stayingInAll(await readGroups()).map(({ instanceId }) => instanceId),
      execution,
    ),
  );
  const cluster = environment('CLUSTER');
  const writtenAt = new Date().toISOString();
  await putTiming({ cluster, item: 'timing', ...timing, roundTripMs, writtenAt, writtenBy: execution });
  const what = `heartbeat of ${timing.heartbeatIntervalMs} ms, election time-out of ${timing.electionTimeoutMs} ms`;
  const why = measured.length === 0 ? 'all members are in one region' : `a round trip takes ${roundTripMs} ms`;
  await audit({ at: writtenAt, who: execution, what, why, after: timing }, `timing-${token}`);
  return { ...timing, roundTripMs, members };
}

/** An instance that has not joined starts its etcd with the new timing anyhow. */
function membersAmong(reports: readonly MemberReport[]): readonly string[] {
  const listed = listedNames(reports);
  return reports.map(({ instanceId }) => instanceId).filter((id) => listed.includes(id));
}
