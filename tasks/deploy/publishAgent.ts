import { copyObject } from '../aws/objects.ts';
import { type CustomResourceEvent, respondWith } from './respond.ts';

/**
 * Custom resource: copies the agent's bundle from the CDK's assets bucket into the cluster's, where instances may read.
 * Bundles have their hash in their key, so older ones stay for instances that still boot from an older launch template.
 */
export function handler(event: CustomResourceEvent): Promise<void> {
  const { SourceBucket = '', SourceKey = '', Bucket = '', Key = '' } = event.ResourceProperties;
  return respondWith(event, async () => {
    if (event.RequestType !== 'Delete') await copyObject(SourceBucket, SourceKey, Bucket, Key);
    return { physicalId: `s3://${Bucket}/${Key}` };
  });
}
