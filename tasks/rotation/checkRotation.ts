import type { Tasks } from '../catalogue.ts';
import { checkRotationInput } from '../plan/rotationRequest.ts';

/** Refuses what RotateInstances cannot take, before anything is read or written. @throws Fault `InvalidInput` */
export async function handler({ request }: Tasks['checkRotation']['input']): Promise<Tasks['checkRotation']['output']> {
  return checkRotationInput(request);
}
