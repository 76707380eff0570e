import { readGroup, setDesiredCapacity } from '../aws/group.ts';
import { stayingInstances } from '../plan/group.ts';

/**
 * Lowers the desired capacity to what there are at most, by a look of this moment: with more instances Auto Scaling would choose who goes, the
 * oldest first. Says whether it did.
 */
export async function lowerCapacity(region: string, capacity: number): Promise<boolean> {
  const group = await readGroup(region);
  if (stayingInstances(group).length > capacity) return false;
  if (group.desiredCapacity > capacity) await setDesiredCapacity(region, capacity);
  return true;
}
