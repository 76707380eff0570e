import { putSettings } from '../aws/record.ts';
import { settingsFrom } from '../plan/clusterSettings.ts';
import { type CustomResourceEvent, respondWith } from './respond.ts';

/**
 * Custom resource: writes the item `settings` of the cluster record, from which running agents take what a deployment
 * changed. It stays when the stack goes: agents that are still leaving need it.
 */
export function handler(event: CustomResourceEvent): Promise<void> {
  return respondWith(event, async () => {
    const settings = settingsFrom(event.ResourceProperties, new Date().toISOString());
    if (event.RequestType !== 'Delete') await putSettings(settings);
    return { physicalId: `settings of ${settings.cluster}` };
  });
}
