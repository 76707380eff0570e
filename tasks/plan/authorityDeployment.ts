/** Whether a deployment may take the place of the one before: it must not take a key away that is in use. Pure. */
import type { CertificateAuthority } from '#etcd/authorityRecord.ts';
import { type AuthorityKey, keptGenerations, withoutKey } from './authority.ts';

/**
 * What is wrong with it; null where nothing is.
 * @param authorities that the cluster trusts
 * @param keys of the deployment, oldest first
 */
export function deploymentRefusal(
  authorities: readonly Pick<CertificateAuthority, 'generation' | 'keyArn'>[],
  keys: readonly AuthorityKey[],
): string | null {
  const missing = withoutKey(authorities, keys);
  if (missing.length === 0) return null;
  const asked = keys.at(-1)?.generation;
  const inUse = [...new Set(authorities.map(({ generation }) => generation))].sort((a, b) => a - b);
  const allowed = allowedGenerations(inUse);
  return (
    `etcd-appliance.certificateAuthorityGeneration is ${asked}, which takes away the key of generation ` +
    `${missing.map(({ generation }) => generation).join(', ')} that the cluster's members trust; allowed now: ` +
    `${allowed.join(' or ') || 'none'}. RotateCertificateAuthority replaces it: docs/security.md, "Replacing the authority"`
  );
}

/**
 * @param arns separated by commas, oldest first
 * @param newest generation of the last one
 */
export function keysFrom(arns: string, newest: string): readonly AuthorityKey[] {
  const all = arns.split(',');
  return all.map((arn, index) => ({ arn, generation: Number(newest) - all.length + 1 + index }));
}

/** Those that keep the keys of all of these. */
function allowedGenerations(inUse: readonly number[]): readonly number[] {
  return [...new Set(inUse.flatMap((generation) => [generation, generation + 1]))].filter((generation) =>
    inUse.every((used) => keptGenerations(generation).includes(used)),
  );
}
