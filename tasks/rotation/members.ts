/** Asks the members' agents what they are. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Description } from '../../agent/protocol.ts';
import { sendToAgent } from '../aws/runCommand.ts';
import type { MemberReport } from '../plan/memberReports.ts';

/** How long a task asks again while what it sees may pass: an election, a busy moment. Below the time-out of its Lambda. */
const patienceMs = 20_000;
const pauseMs = 1_000;

/** One report of each; an agent that does not answer is one too. */
export function askMembers(instanceIds: readonly string[], execution: string): Promise<readonly MemberReport[]> {
  return Promise.all(
    instanceIds.map((instanceId) =>
      describe(instanceId, execution).catch(
        (error: Error): MemberReport => ({ instanceId, description: null, problem: error.message }),
      ),
    ),
  );
}

/** Looks again and again until nothing is wrong that may pass. */
export async function untilSteady<Seen>(
  look: () => Promise<{ readonly seen: Seen; readonly passing: readonly string[] }>,
): Promise<Seen> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const { seen, passing } = await look();
    if (passing.length === 0 || Date.now() > deadline) return seen;
    await sleep(pauseMs);
  }
}

async function describe(instanceId: string, execution: string): Promise<MemberReport> {
  // Each look is a command of its own: a repeated id would answer what was seen the first time.
  const id = `${execution.split(':').at(-1)}/describe/${instanceId}/${Date.now()}`;
  const { entry } = await sendToAgent(instanceId, { command: 'describe', id, input: {} });
  if (entry.outcome.status === 'succeeded')
    return { instanceId, description: entry.outcome.result as Description, problem: '' };
  const problem = entry.outcome.status === 'failed' ? entry.outcome.cause : 'it did not describe itself in time';
  return { instanceId, description: null, problem };
}
