import type { Tasks } from '../catalogue.ts';
import { checkRegionChange } from '../plan/regionRequest.ts';

/** Refuses what MultiregionMigration cannot take, before anything is read. @throws Fault `InvalidInput` */
export async function handler({
  request,
}: Tasks['checkRegionChange']['input']): Promise<Tasks['checkRegionChange']['output']> {
  return checkRegionChange(request);
}
