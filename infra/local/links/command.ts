/** `npm run links`: shows and sets the links between the regions of a running home, through the API of its page. */
import { resolve } from 'node:path';
import { Fault } from '#etcd/faults.ts';
import { exitAfter } from '../../operator/exit.ts';
import { pageOfHome } from '../../operator/outputs.ts';
import { tokenHeader } from '../page/guard.ts';
import type { LinksView, RefusalView } from '../page/views.ts';
import { parseLinksOptions, usage } from './options.ts';
import type { LinkChange } from './rules.ts';
import { linksText } from './text.ts';

async function main(): Promise<number> {
  const { data, changes, healAll, json, help } = parseLinksOptions(process.argv.slice(2));
  if (help) {
    process.stdout.write(usage);
    return 0;
  }
  const page = pageOfHome(data);
  let view = await ask(data, page);
  const cuts = healAll ? view.links.filter(({ cut }) => cut).map(({ from, to }) => ({ from, to, cut: false })) : [];
  for (const change of [...changes, ...cuts]) view = await ask(data, page, change);
  process.stdout.write(json ? `${JSON.stringify(view, null, 2)}\n` : linksText(view));
  return 0;
}

/** @throws Fault `InvalidInput` where the home refuses the change */
async function ask(data: string, page: URL, change?: LinkChange): Promise<LinksView> {
  const token = new URLSearchParams(page.hash.slice(1)).get('token') ?? '';
  const headers = { 'content-type': 'application/json', [tokenHeader]: token };
  const answer = await fetch(
    new URL('/api/links', page),
    change === undefined ? {} : { method: 'PUT', headers, body: JSON.stringify(change) },
  ).catch(() => {
    throw new Error(`the home in ${resolve(data)} does not answer; is npm start still running?`);
  });
  if (answer.ok) return (await answer.json()) as LinksView;
  const { error } = (await answer.json()) as RefusalView;
  const option = optionOf[error.field ?? ''];
  if (option === undefined) throw new Error(`the home refused: ${error.field ?? ''} ${error.message}`);
  throw new Fault('InvalidInput', `${option} ${error.message}`);
}

/** By the API's field. */
const optionOf: Readonly<Record<string, string>> = {
  from: '--from',
  to: '--to',
  delayMs: '--delay-ms',
  jitterMs: '--jitter-ms',
  cut: '--cut',
};

exitAfter(main());
