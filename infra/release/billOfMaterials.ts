/**
 * What is in the bundles, as a CycloneDX 1.6 document (ECMA-424). The same bundles give the same bytes: no time, and a serial
 * number made of the contents.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { project } from '../bundle.ts';
import { type BundledPackage, refOf } from './bundled.ts';

/** The document's text. */
export function billOfMaterials(packages: readonly BundledPackage[]): string {
  const { name, version, license } = json('package.json') as { name: string; version: string; license: string };
  const ref = refOf({ name, version });
  const component = { 'bom-ref': ref, type: 'application', name, version, licenses: licencesOf(license) };
  const content = {
    version: 1,
    metadata: { lifecycles: [{ phase: 'build' }], component },
    components: packages.map(componentOf),
    dependencies: [
      // Our own code imports some of them, and each of them is there for it.
      { ref, dependsOn: packages.map(refOf) },
      ...packages.map((one) => ({ ref: refOf(one), dependsOn: one.dependsOn })),
    ],
  };
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: serialOf(JSON.stringify(content)),
    ...content,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function componentOf({ name, version, licence, folder, bundles }: BundledPackage) {
  const [scope, rest] = name.startsWith('@') ? name.split('/', 2) : [undefined, name];
  return {
    'bom-ref': refOf({ name, version }),
    type: 'library',
    ...(scope !== undefined && { group: scope }),
    name: rest,
    version,
    purl: `pkg:npm/${scope === undefined ? '' : `${encodeURIComponent(scope)}/`}${rest}@${version}`,
    licenses: licencesOf(licence),
    hashes: [{ alg: 'SHA-512', content: archiveHash(folder) }],
    properties: bundles.map((bundle) => ({ name: 'etcd-appliance:bundle', value: bundle })),
  };
}

function licencesOf(licence: string) {
  return [/^[\w.-]+$/.test(licence) ? { license: { id: licence } } : { expression: licence }];
}

/** Hex, of the package's archive: what npm checked when it was installed. */
function archiveHash(folder: string): string {
  lockfile ??= json('package-lock.json') as Lockfile;
  const { integrity = '' } = lockfile.packages[folder] ?? {};
  if (!integrity.startsWith('sha512-')) throw new Error(`package-lock.json has no SHA-512 of ${folder}`);
  return Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex');
}

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly integrity?: string }>>;
}
let lockfile: Lockfile | undefined;

function json(file: string): unknown {
  return JSON.parse(readFileSync(join(project, file), 'utf8'));
}

/** A name-based UUID (RFC 9562, version 8: of our own making). */
function serialOf(content: string): string {
  const hex = createHash('sha256').update(content).digest('hex');
  const [a, b, c, d, e] = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(13, 16), hex.slice(17, 20), hex.slice(20, 32)];
  return `urn:uuid:${a}-${b}-8${c}-8${d}-${e}`;
}
