import { memberHealthyTimeoutMs } from '../aws/environment.ts';
import { sendToAgent } from '../aws/runCommand.ts';
import type { Tasks } from '../catalogue.ts';
import { healthCommandId } from '../plan/command.ts';

type Input = Tasks['awaitMemberHealth']['input'];

/** A third of the state's HeartbeatSeconds, so that two lost ones do not matter. */
export const heartbeatSeconds = 10;

/**
 * Tells the member's agent to wait until etcd is healthy; the agent finishes the state through its task token.
 * @throws Fault `InstanceNotReachable`, `CommandFailed`, or what the agent refuses it with
 */
export async function handler({
  execution,
  attempt,
  member,
  members,
  etcdVersion,
  taskToken,
}: Input): Promise<Tasks['awaitMemberHealth']['output']> {
  const id = healthCommandId(execution, member.name, attempt);
  const timeoutMs = memberHealthyTimeoutMs();
  await sendToAgent(member.instanceId, {
    command: 'awaitHealthy',
    id,
    input: { members, etcdVersion, timeoutMs },
    taskToken,
    heartbeatSeconds,
  });
  return { commandId: id };
}
