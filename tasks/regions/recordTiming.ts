import { Fault } from '#etcd/faults.ts';
import { environment } from '../aws/environment.ts';
import { putTiming, readBootstrap, readTiming } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { judgeRoundTrips } from '../plan/timing.ts';

type Input = Tasks['recordTiming']['input'];

/** At bootstrap whatever was measured is taken: a cluster that beats too fast for its links would be worse. */
const anyMs = 5_000;

/**
 * Notes how fast the members of a new cluster beat. Those of a cluster that has begun already beat as the record says: another value would restart
 * them, and that is for an operation that holds the lock.
 * @throws Fault `PreflightFailed` where they do not reach each other
 */
export async function handler({ execution, measured }: Input): Promise<Tasks['recordTiming']['output']> {
  const cluster = environment('CLUSTER');
  const begun = (await readBootstrap()) === null ? null : await readTiming();
  if (begun !== null) {
    const { heartbeatIntervalMs, electionTimeoutMs, roundTripMs } = begun;
    return { heartbeatIntervalMs, electionTimeoutMs, roundTripMs, members: [] };
  }
  const judged = judgeRoundTrips(measured, anyMs);
  if (judged.verdict === 'unfit')
    throw new Fault('PreflightFailed', `cluster ${cluster} is not created: ${judged.problems.join('; ')}`);
  const { timing, roundTripMs } = judged;
  const writtenAt = new Date().toISOString();
  await putTiming({ cluster, item: 'timing', ...timing, roundTripMs, writtenAt, writtenBy: execution });
  return { ...timing, roundTripMs, members: [] };
}
