import type { Tasks } from '../catalogue.ts';
import { checkUpgradeInput } from '../plan/upgradeRequest.ts';

/** Refuses what RollingUpgrade cannot take, before anything is read or written. @throws Fault `InvalidInput` */
export async function handler({ request }: Tasks['checkUpgrade']['input']): Promise<Tasks['checkUpgrade']['output']> {
  return checkUpgradeInput(request);
}
