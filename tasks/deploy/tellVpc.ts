import { deleteParameter, putParameter } from '../aws/parameters.ts';
import { homeRegion } from '../aws/regions.ts';
import { disconnect, pairOf } from './connection.ts';
import { type CustomResourceEvent, respondWith } from './respond.ts';

/**
 * Custom resource of the region that is not home: tells the home region which VPC is to be connected. It is deleted after the region's
 * instances and before the VPC, which cannot be deleted while it is connected: so that goes first. It connects nothing itself: that takes
 * both regions.
 */
export function handler(event: CustomResourceEvent): Promise<void> {
  return respondWith(event, async () => {
    const { Parameter = '', ...properties } = event.ResourceProperties;
    const pair = pairOf(properties);
    if (event.RequestType === 'Delete') {
      await disconnect(pair);
      await deleteParameter(homeRegion(), Parameter);
    } else await putParameter(homeRegion(), Parameter, pair.vpcIds[1]);
    return { physicalId: Parameter };
  });
}
