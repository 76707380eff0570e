/** The certificate authority of this function's cluster, as the deployment tells it, and how it signs. */
import { environment } from '../aws/environment.ts';
import { signWith } from '../aws/keys.ts';
import { type Authority, openAuthority } from './authority.ts';
import type { Sign } from './certificate.ts';
import { ownKeys } from './ownKeys.ts';

/** @param days lifetime of what it is to sign */
export async function openOwnAuthority(days: number): Promise<Authority & { readonly sign: Sign }> {
  const authority = await openAuthority({ cluster: environment('CLUSTER'), keys: ownKeys(), days });
  return { ...authority, sign: (message) => signWith(authority.keyArn, message) };
}
