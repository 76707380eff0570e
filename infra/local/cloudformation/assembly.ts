/** Reads a cloud assembly: its stacks with their templates, places and dependencies, and its file assets. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Template {
  readonly Parameters?: Readonly<Record<string, { readonly Type: string; readonly Default?: string }>>;
  readonly Mappings?: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown; readonly Condition?: string }>>;
}

export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DependsOn?: string | readonly string[];
  readonly Condition?: string;
  readonly DeletionPolicy?: string;
}

export interface FileAsset {
  /** Object key in the assets bucket, as the template names it. */
  readonly key: string;
  /** File or folder. */
  readonly path: string;
  readonly packaging: 'file' | 'zip';
}

export interface Stack {
  readonly name: string;
  /** Null where the app leaves it to the deployment. */
  readonly region: string | null;
  /** Names of the stacks that are to be deployed before it. */
  readonly after: readonly string[];
  readonly terminationProtection: boolean;
  readonly template: Template;
  readonly assets: readonly FileAsset[];
}

interface Manifest {
  readonly artifacts: Readonly<Record<string, Artifact>>;
}

interface Artifact {
  readonly type: string;
  /** `aws://ACCOUNT/REGION` */
  readonly environment?: string;
  readonly dependencies?: readonly string[];
  readonly properties?: {
    readonly templateFile?: string;
    readonly stackName?: string;
    readonly terminationProtection?: boolean;
    readonly file?: string;
  };
}

interface AssetManifest {
  readonly files?: Readonly<Record<string, AssetFile>>;
}

interface AssetFile {
  readonly source: { readonly path: string; readonly packaging: 'file' | 'zip' };
  readonly destinations: Readonly<Record<string, { readonly objectKey: string }>>;
}

/** The stacks of an assembly, in the manifest's order. @throws Error where the folder holds no assembly. */
export function readAssembly(folder: string): readonly Stack[] {
  const manifest = readJson<Manifest>(join(folder, 'manifest.json'));
  const artifacts = Object.entries(manifest.artifacts);
  const assets = artifacts
    .filter(([, { type }]) => type === 'cdk:asset-manifest')
    .flatMap(([, { properties }]) => readAssets(folder, properties?.file ?? ''));
  const stacks = artifacts.filter(([, { type }]) => type === 'aws:cloudformation:stack');
  const names = new Map(stacks.map(([id, { properties }]) => [id, properties?.stackName ?? id]));
  return stacks.map(([id, { properties, environment, dependencies = [] }]) => ({
    name: names.get(id) ?? id,
    region: regionOf(environment),
    terminationProtection: properties?.terminationProtection === true,
    after: dependencies.flatMap((needed) => names.get(needed) ?? []),
    template: readJson<Template>(join(folder, properties?.templateFile ?? '')),
    assets,
  }));
}

function regionOf(environment = ''): string | null {
  const region = environment.split('/').at(-1) ?? '';
  return region === '' || region === 'unknown-region' ? null : region;
}

function readAssets(folder: string, file: string): FileAsset[] {
  const { files = {} } = readJson<AssetManifest>(join(folder, file));
  return Object.values(files).flatMap(({ source, destinations }) =>
    Object.values(destinations).map(({ objectKey }) => ({
      key: objectKey,
      path: join(folder, source.path),
      packaging: source.packaging,
    })),
  );
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}
