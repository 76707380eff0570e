import { environment } from '../aws/environment.ts';
import { findGroup } from '../aws/group.ts';
import { type CustomResourceEvent, respondWith } from './respond.ts';

/**
 * Custom resource of the home region, deleted before anything else of its stack: refuses while the other region has instances, which
 * live by what is here.
 */
export function handler(event: CustomResourceEvent): Promise<void> {
  const { Region = '' } = event.ResourceProperties;
  return respondWith(event, async () => {
    const cluster = environment('CLUSTER');
    if (event.RequestType === 'Delete' && (await findGroup(Region)) !== null) {
      const stack = `etcd-${cluster}-${Region}`;
      throw new Error(
        `the cluster has instances in ${Region}: delete the stack ${stack} first (docs/runbook.md#region-needed)`,
      );
    }
    return { physicalId: `home of ${cluster}` };
  });
}
