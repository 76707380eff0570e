/** The licences of what is in the bundles, with their texts: most of them ask that the text goes along. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { project } from '../bundle.ts';
import { type BundledPackage, refOf } from './bundled.ts';

/** SPDX identifiers. All of them let anybody use, change and pass on, and none asks for our own source. */
export const allowedLicences = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Unlicense',
] as const;

/** One text after the other, each with the packages that have it. @throws Error for a package without any */
export function licenceTexts(packages: readonly BundledPackage[]): string {
  const byText = Map.groupBy(packages, (one) => ownText(one) ?? sharedText(one, packages));
  const parts = [...byText].map(([text, those]) => {
    const names = those.map((one) => `${refOf(one)} (${one.licence})`);
    return [...names, '', text].join('\n');
  });
  return `${['What the agent and the task Lambdas hold of others.', ...parts].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

/** Its licence and, as Apache-2.0 has it, its notice; null where the package has none of them with it. */
function ownText(one: BundledPackage): string | null {
  const folder = join(project, one.folder);
  const files = readdirSync(folder).filter((name) => /^(licen[cs]e|copying|notice)(\.(md|txt))?$/i.test(name));
  const texts = files.sort().map((name) => readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n').trim());
  return texts.length === 0 ? null : texts.join('\n\n');
}

/** Apache-2.0 reads the same for everybody: some of AWS's packages come without what their siblings come with. */
function sharedText(one: BundledPackage, packages: readonly BundledPackage[]): string {
  const scope = one.name.split('/')[0] ?? '';
  const siblings = packages.filter(({ name, licence }) => licence === 'Apache-2.0' && name.startsWith(`${scope}/`));
  const text = one.licence === 'Apache-2.0' ? siblings.map(ownText).find((found) => found !== null) : null;
  if (!text) throw new Error(`${refOf(one)} comes without the text of its licence, ${one.licence}`);
  return text;
}
