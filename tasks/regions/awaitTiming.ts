import { memberHealthyTimeoutMs } from '../aws/environment.ts';
import { sendToAgent } from '../aws/runCommand.ts';
import { heartbeatSeconds } from '../bootstrap/awaitMemberHealth.ts';
import type { Tasks } from '../catalogue.ts';
import { restartsTimeoutMs } from '../plan/timing.ts';

type Input = Tasks['awaitTiming']['input'];

/** Has a member tell when it beats as it is to: its agent restarts it in its turn. @throws Fault as sendToAgent */
export async function handler({
  execution,
  token,
  member,
  timing,
  taskToken,
}: Input): Promise<Tasks['awaitTiming']['output']> {
  const { heartbeatIntervalMs, electionTimeoutMs } = timing;
  const id = `${execution.split(':').at(-1)}/${heartbeatIntervalMs}-${electionTimeoutMs}/awaitTiming/${member}`;
  await sendToAgent(member, {
    command: 'awaitTiming',
    id,
    input: {
      timing: { heartbeatIntervalMs, electionTimeoutMs },
      timeoutMs: restartsTimeoutMs(timing, memberHealthyTimeoutMs()),
    },
    taskToken,
    heartbeatSeconds,
    fencingToken: token,
  });
  return { commandId: id };
}
