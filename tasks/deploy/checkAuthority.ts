import { readAuthority } from '../aws/authorityRecord.ts';
import { environment } from '../aws/environment.ts';
import { deploymentRefusal, keysFrom } from '../plan/authorityDeployment.ts';
import { type CustomResourceEvent, respondWith } from './respond.ts';

/** Custom resource: fails where the deployment does not have every key whose certificate the members may trust. */
export function handler(event: CustomResourceEvent): Promise<void> {
  return respondWith(event, async () => {
    const { Keys = '', Generation = '' } = event.ResourceProperties;
    if (event.RequestType !== 'Delete') {
      const { certificates = [] } = (await readAuthority()) ?? {};
      const refusal = deploymentRefusal(certificates, keysFrom(Keys, Generation));
      if (refusal !== null) throw new Error(refusal);
    }
    return { physicalId: `certificate authority of ${environment('CLUSTER')}` };
  });
}
