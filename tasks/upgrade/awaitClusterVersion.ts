import { memberHealthyTimeoutMs } from '../aws/environment.ts';
import type { Tasks } from '../catalogue.ts';
import { command } from './command.ts';

type Input = Tasks['awaitClusterVersion']['input'];

/** Has a member tell when it reports the hop's cluster version. @throws Fault as sendToAgent */
export async function handler(input: Input): Promise<Tasks['awaitClusterVersion']['output']> {
  const timeoutMs = memberHealthyTimeoutMs();
  return command(input, 'awaitClusterVersion', { clusterVersion: input.hop.clusterVersion, timeoutMs });
}
