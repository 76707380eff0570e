import { createHash } from 'node:crypto';
import { startExecution } from '../aws/executions.ts';
import { type CustomResourceEvent, respondWith } from './respond.ts';

/**
 * Custom resource: starts ClusterBootstrap once the group is there, and does not wait for it. The execution's name comes
 * from the request, so that CloudFormation's repeated delivery starts one. Updates and deletes start nothing.
 */
export function handler(event: CustomResourceEvent): Promise<void> {
  const { StateMachineArn = '', Cluster = '' } = event.ResourceProperties;
  return respondWith(event, async () => {
    if (event.RequestType !== 'Create') {
      const physicalId = event.PhysicalResourceId ?? 'none';
      return { physicalId, data: { ExecutionArn: physicalId } };
    }
    const name = `deployment-${createHash('sha256').update(event.RequestId).digest('hex').slice(0, 12)}`;
    const executionArn = await startExecution(StateMachineArn, name, { cluster: Cluster });
    return { physicalId: executionArn, data: { ExecutionArn: executionArn } };
  });
}
