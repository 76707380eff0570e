/** The links between regions, as the page's API shows and sets them. */
import type { LinkChange } from '../links/rules.ts';
import { Refused } from './reply.ts';
import type { PageSource } from './source.ts';
import type { LinksView } from './views.ts';

const fields: readonly string[] = ['from', 'to', 'delayMs', 'jitterMs', 'cut'] satisfies (keyof LinkChange)[];

export function linksView(links: PageSource['links']): LinksView {
  return { regions: links.regions(), links: links.all() };
}

/** @param body checked as a LinkChange @throws Refused 400 */
export async function setLink(links: PageSource['links'], body: Readonly<Record<string, unknown>>): Promise<LinksView> {
  const unknown = Object.keys(body).find((field) => !fields.includes(field));
  if (unknown !== undefined) throw new Refused(400, unknown, `unknown field; a link has ${fields.join(', ')}`);
  const change = body as unknown as LinkChange;
  const refusal = links.refusal(change);
  if (refusal !== null) throw new Refused(400, refusal.field, refusal.message);
  await links.set(change);
  return linksView(links);
}
