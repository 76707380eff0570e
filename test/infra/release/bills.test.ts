/** The bill of materials and the licences beside a cloud assembly: all that esbuild has put into the bundles, and nothing else. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { build } from 'esbuild';
import { synthesizedAssembly } from '../../../infra/local/start/assembly.ts';
import { allowedLicences } from '../../../infra/release/licences.ts';
import { billFile, licencesFile } from '../../../infra/release/write.ts';

jest.setTimeout(120_000);
const project = join(import.meta.dirname, '../../..');

interface Component {
  readonly 'bom-ref': string;
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses: readonly [{ readonly license?: { readonly id: string }; readonly expression?: string }];
  readonly hashes: readonly [{ readonly alg: string; readonly content: string }];
  readonly properties: readonly { readonly name: string; readonly value: string }[];
}
interface Bill {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly serialNumber: string;
  readonly metadata: { readonly component: { readonly 'bom-ref': string } };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

let folder: string;
let bill: Bill;
let text: string;
const scratch = mkdtempSync(join(tmpdir(), 'bundles-'));
beforeAll(async () => {
  folder = await synthesizedAssembly({});
  bill = JSON.parse(readFileSync(join(folder, billFile), 'utf8')) as Bill;
  text = readFileSync(join(folder, licencesFile), 'utf8');
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Every file of tasks/ that a Lambda can be made of. */
const handlers = readdirSync(join(project, 'tasks'), { recursive: true, encoding: 'utf8' })
  .map((file) => `tasks/${file}`)
  .filter((file) => file.endsWith('.ts') && /^export .*\bhandler\b/m.test(readFileSync(join(project, file), 'utf8')));

const nameOf = ({ group, name }: Component) => (group === undefined ? name : `${group}/${name}`);

/** Name and version of each package of which a line is in a bundle of these entries, by the comments that esbuild leaves. */
async function packagesIn(entryPoints: readonly string[]): Promise<readonly string[]> {
  const built = await build({
    absWorkingDir: project,
    entryPoints: [...entryPoints],
    bundle: true,
    platform: 'node',
    format: 'esm',
    mainFields: ['module', 'main'],
    write: false,
    outdir: scratch,
    logLevel: 'error',
  });
  const files = [
    ...built.outputFiles
      .map((file) => file.text)
      .join('\n')
      .matchAll(/^ *\/\/ ((?:\S*\/)?node_modules\/(?:@[^/\s]+\/)?[^/\s]+)\//gm),
  ];
  return [...new Set(files.map(([, path]) => path ?? ''))].map((path) => {
    const { name, version } = JSON.parse(readFileSync(join(project, path, 'package.json'), 'utf8'));
    return `${name}@${version}`;
  });
}

describe('the bill of materials', () => {
  test('is CycloneDX 1.6 of this project', () => {
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 });
    expect(bill.serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(bill.metadata.component['bom-ref']).toMatch(/^etcd-appliance@/);
  });

  test('has every package of the agent, and no other', async () => {
    const agents = bill.components.filter(({ properties }) => properties.some(({ value }) => value === 'agent'));
    expect(agents.map((one) => one['bom-ref']).sort()).toEqual([...(await packagesIn(['agent/main.ts']))].sort());
  });

  test('has every package of the tasks, and no other', async () => {
    const ofTasks = bill.components.filter(({ properties }) => properties.some(({ value }) => value === 'tasks'));
    expect(ofTasks.map((one) => one['bom-ref']).sort()).toEqual([...(await packagesIn(handlers))].sort());
  });

  test('has nothing else, and each as the lockfile has it', () => {
    const { packages } = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8'));
    for (const component of bill.components) {
      const locked = Object.entries(packages as Record<string, { version: string; integrity?: string }>).find(
        ([path, { version }]) => path.endsWith(`node_modules/${nameOf(component)}`) && version === component.version,
      );
      const hash = Buffer.from(locked?.[1].integrity?.replace('sha512-', '') ?? '', 'base64').toString('hex');
      expect([component['bom-ref'], component.hashes]).toEqual([
        `${nameOf(component)}@${component.version}`,
        [{ alg: 'SHA-512', content: hash }],
      ]);
      expect(component.purl).toBe(`pkg:npm/${nameOf(component).replace('@', '%40')}@${component.version}`);
      expect(component.properties.length).toBeGreaterThan(0);
    }
    expect(new Set(bill.components.map((one) => one['bom-ref'])).size).toBe(bill.components.length);
  });

  test('says what is there for what', () => {
    const refs = [bill.metadata.component['bom-ref'], ...bill.components.map((one) => one['bom-ref'])];
    expect(bill.dependencies.map(({ ref }) => ref)).toEqual(refs);
    for (const { dependsOn } of bill.dependencies) expect(dependsOn.filter((ref) => !refs.includes(ref))).toEqual([]);
  });

  test('is the same for the same bundles', async () => {
    const other = await synthesizedAssembly({ members: 1 });
    expect(readFileSync(join(other, billFile), 'utf8')).toBe(readFileSync(join(folder, billFile), 'utf8'));
  });
});

describe('the licences', () => {
  test('are those that are allowed', () => {
    const licences = bill.components.map(({ licenses: [{ license, expression }] }) => license?.id ?? expression);
    expect(licences.filter((licence) => !allowedLicences.some((allowed) => allowed === licence))).toEqual([]);
  });

  test('are there with their texts', () => {
    for (const component of bill.components) expect(text).toMatch(`\n${component['bom-ref']} (`);
    for (const part of text.split(`\n\n${'-'.repeat(80)}\n\n`).slice(1))
      expect(part).toMatch(/^(\S+@\S+ \([\w.-]+\)\n)+\n[\s\S]*(permission|copyright|licen[cs]e)/i);
  });
});
