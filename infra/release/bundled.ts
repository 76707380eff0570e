/** Which packages the bundles hold, by esbuild's own account of each bundle (its metafile). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { metafileOf, project } from '../bundle.ts';

export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX expression, as the package says. */
  readonly licence: string;
  /** From the project's folder. */
  readonly folder: string;
  readonly bundles: readonly Bundle[];
  /** `NAME@VERSION` of those whose code it imports. */
  readonly dependsOn: readonly string[];
}

export type Bundle = 'agent' | 'tasks';
const bundles: readonly Bundle[] = ['agent', 'tasks'];

/** @param folder where the bundles are, with their metafiles @returns by name and version */
export function bundledPackages(folder: string): readonly BundledPackage[] {
  const found = new Map<string, { bundles: Set<Bundle>; imports: Set<string> }>();
  for (const bundle of bundles) {
    const metafile = JSON.parse(readFileSync(metafileOf(folder, bundle), 'utf8')) as Metafile;
    for (const input of inputsOf(metafile)) {
      const packageFolder = packageFolderOf(input);
      if (packageFolder === null) continue;
      const entry = found.get(packageFolder) ?? { bundles: new Set(), imports: new Set() };
      found.set(packageFolder, entry);
      entry.bundles.add(bundle);
      for (const { path } of metafile.inputs[input]?.imports ?? []) {
        const imported = packageFolderOf(path);
        if (imported !== null && imported !== packageFolder) entry.imports.add(imported);
      }
    }
  }
  const described = [...found].map(([packageFolder, entry]) => ({
    ...manifestOf(packageFolder),
    folder: packageFolder,
    bundles: [...entry.bundles],
    // What esbuild has left out, because nothing of it is used, is in no bundle.
    dependsOn: [...entry.imports].filter((imported) => found.has(imported)).map((one) => refOf(manifestOf(one))),
  }));
  return described.sort((a, b) => (refOf(a) < refOf(b) ? -1 : 1));
}

export function refOf({ name, version }: Pick<BundledPackage, 'name' | 'version'>): string {
  return `${name}@${version}`;
}

/** Files of which something is in an output. */
function inputsOf({ outputs }: Metafile): readonly string[] {
  const used = Object.values(outputs).flatMap(({ inputs }) => Object.entries(inputs));
  return [...new Set(used.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path))];
}

/** The innermost package that a file belongs to; null for our own. */
function packageFolderOf(path: string): string | null {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0] ?? null;
}

function manifestOf(folder: string): Pick<BundledPackage, 'name' | 'version' | 'licence'> {
  const manifest = JSON.parse(readFileSync(join(project, folder, 'package.json'), 'utf8')) as Record<string, string>;
  return { name: manifest.name ?? '', version: manifest.version ?? '', licence: manifest.license ?? '' };
}
