import type { Tasks } from '../catalogue.ts';
import { checkAuthorityInput } from '../plan/authorityRequest.ts';

type Task = Tasks['checkAuthorityRotation'];

/** Refuses what RotateCertificateAuthority cannot take, before anything is read or written. @throws Fault `InvalidInput` */
export async function handler({ request }: Task['input']): Promise<Task['output']> {
  return checkAuthorityInput(request);
}
