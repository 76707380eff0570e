/** Where a hop goes, in words. Pure. */
import type { Hop } from '../../tasks/catalogue.ts';

/** `3.5.31 to 3.5.35, a patch` */
export function wayOf({ kind, from, to }: Pick<Hop, 'kind' | 'from' | 'to'>): string {
  if (kind === 'restart') return `${to} restarted`;
  if (kind === 'finish') return `${to} finished`;
  return `${from} to ${to}${kind === 'patch' ? ', a patch' : kind === 'rollBack' ? ', back' : ''}`;
}
