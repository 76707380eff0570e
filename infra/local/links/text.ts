/** Links for a person's eyes. Pure. */
import { table } from '../../operator/text.ts';
import type { LinksView } from '../page/views.ts';

export function linksText({ regions, links }: LinksView): string {
  if (links.length === 0) return `One region, ${regions[0] ?? 'which is not open yet'}: there is no link to set.\n`;
  const rows = links.map(({ from, to, delayMs, jitterMs, cut }) => [
    `${from} -> ${to}`,
    `${delayMs} ms`,
    jitterMs === 0 ? '' : `up to ${jitterMs} ms more`,
    cut ? 'cut' : '',
  ]);
  return `${table(rows).join('\n')}\n`;
}
