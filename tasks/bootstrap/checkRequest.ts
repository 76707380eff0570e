import { environment } from '../aws/environment.ts';
import type { Tasks } from '../catalogue.ts';
import { checkBootstrapInput } from '../plan/request.ts';

/** Refuses what ClusterBootstrap cannot take, before anything is read or written. @throws Fault `InvalidInput` */
export async function handler({
  request,
  startTime,
}: Tasks['checkRequest']['input']): Promise<Tasks['checkRequest']['output']> {
  const { cluster } = checkBootstrapInput(request, environment('CLUSTER'));
  const timeoutMs = Number(environment('INSTANCES_IN_SERVICE_TIMEOUT_SECONDS')) * 1000;
  return { cluster, instancesDeadline: new Date(Date.parse(startTime) + timeoutMs).toISOString() };
}
