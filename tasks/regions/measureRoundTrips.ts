import { sendToAgent } from '../aws/runCommand.ts';
import { heartbeatSeconds } from '../bootstrap/awaitMemberHealth.ts';
import type { Tasks } from '../catalogue.ts';
import { commandId } from '../plan/command.ts';

type Input = Tasks['measureRoundTrips']['input'];

/** Longer than any way on earth, and short enough for what drops everything, in milliseconds. */
const tryTimeoutMs = 3_000;

/** Has an instance measure how far those of the other region are. @throws Fault as sendToAgent */
export async function handler({ execution, probe, taskToken }: Input): Promise<Tasks['measureRoundTrips']['output']> {
  const id = commandId(execution, 'measureRoundTrips', probe.instanceId, 1);
  await sendToAgent(probe.instanceId, {
    command: 'measureRoundTrips',
    id,
    input: { addresses: probe.addresses, timeoutMs: tryTimeoutMs },
    taskToken,
    heartbeatSeconds,
  });
  return { commandId: id };
}
