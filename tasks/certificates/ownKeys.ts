/** The keys of the cluster's certificate authority, as the deployment tells of them. */
import { environment } from '../aws/environment.ts';
import type { AuthorityKey } from '../plan/authority.ts';
import { keysFrom } from '../plan/authorityDeployment.ts';

/** Oldest first. */
export function ownKeys(): readonly AuthorityKey[] {
  return keysFrom(environment('CERTIFICATE_KEYS'), environment('CERTIFICATE_GENERATION'));
}
