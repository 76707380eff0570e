/** What cdk-nag finds and the project accepts: docs/security.md lists all of it, and nothing else is in the templates. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { synthesizedAssembly } from '../../infra/local/start/assembly.ts';
import { inTwoRegions } from './twoRegions.ts';

// The first synthesis bundles everything.
jest.setTimeout(240_000);

interface Suppression {
  readonly id: string;
  readonly reason: string;
}
interface Template {
  readonly Resources: Readonly<
    Record<
      string,
      { readonly Metadata?: { readonly cdk_nag?: { readonly rules_to_suppress?: readonly Suppression[] } } }
    >
  >;
}

const documented = readFileSync(join(import.meta.dirname, '../../docs/security.md'), 'utf8');

/** Rule and reason -> how often, in all stacks. */
async function accepted(settings: Readonly<Record<string, unknown>>): Promise<Record<string, number>> {
  const folder = await synthesizedAssembly(settings);
  const counts: Record<string, number> = {};
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.template.json'))) {
    const { Resources } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Template;
    const all = Object.values(Resources).flatMap(({ Metadata }) => Metadata?.cdk_nag?.rules_to_suppress ?? []);
    for (const { id, reason } of all) counts[`${id}: ${reason}`] = (counts[`${id}: ${reason}`] ?? 0) + 1;
  }
  return counts;
}

test('the table of accepted findings is what is synthesized: rules, how many, and why', async () => {
  const [one, two] = [await accepted({}), await accepted(inTwoRegions)];
  const rows = [...documented.matchAll(/^\| (AwsSolutions-\w+|CdkNag\w+) +\| +(\d+) \| +(\d+) \| (.*?) +\|$/gm)];
  const listed = (column: 2 | 3) =>
    Object.fromEntries(
      rows.map((row) => [`${row[1]}: ${row[4]}`, Number(row[column])] as const).filter(([, count]) => count > 0),
    );
  expect(listed(2)).toEqual(one);
  expect(listed(3)).toEqual(two);
  const total = (counts: Record<string, number>) => Object.values(counts).reduce((sum, count) => sum + count, 0);
  const said = /^(\d+) findings are accepted, for (\d+) reasons, and (\d+) for (\d+) in two regions/m.exec(documented);
  const reasons = (counts: Record<string, number>) => Object.keys(counts).length;
  expect(said?.slice(1).map(Number)).toEqual([total(one), reasons(one), total(two), reasons(two)]);
});
