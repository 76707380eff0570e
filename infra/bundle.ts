/**
 * The bundles that are deployed: the agent as one file, each task as a folder. The same ones on AWS and here. What a folder
 * holds already is taken as it is: a folder belongs to one state of the sources.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';

export const project = join(import.meta.dirname, '..');

/** CommonJS libraries inside an ES module call `require` for Node's own modules. */
const banner = { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" };

const common: BuildOptions = {
  absWorkingDir: project,
  bundle: true,
  metafile: true,
  minify: true,
  // Errors keep their class's name in traces; faults have theirs as literals anyway.
  keepNames: true,
  platform: 'node',
  format: 'esm',
  mainFields: ['module', 'main'],
  legalComments: 'none',
  logLevel: 'warning',
  outExtension: { '.js': '.mjs' },
  banner,
};

export interface AgentBundle {
  readonly file: string;
  /** Hex. */
  readonly sha256: string;
}

/** `etcd-agent.cjs`, for the oldest Node that instances may have. CommonJS: Node's loader of ES modules costs 12 MB of resident memory. */
export function bundleAgent(folder: string): AgentBundle {
  const file = join(folder, 'agent', 'etcd-agent.cjs');
  if (!existsSync(file))
    build(folder, 'agent', {
      ...common,
      format: 'cjs',
      outExtension: { '.js': '.cjs' },
      banner: {},
      entryPoints: { 'etcd-agent': 'agent/main.ts' },
      outdir: join(folder, 'agent'),
      target: 'node22',
    });
  return { file, sha256: createHash('sha256').update(readFileSync(file)).digest('hex') };
}

/**
 * `NAME/index.mjs` for each task.
 * @param entries name -> entry below tasks/, without extension
 * @returns name -> folder
 */
export function bundleTasks(folder: string, entries: Readonly<Record<string, string>>): Record<string, string> {
  const entryPoints = Object.entries(entries).map(([name, entry]) => [`${name}/index`, `tasks/${entry}.ts`]);
  if (!existsSync(join(folder, 'tasks')))
    build(folder, 'tasks', {
      ...common,
      entryPoints: Object.fromEntries(entryPoints),
      outdir: join(folder, 'tasks'),
      target: 'node24',
    });
  return Object.fromEntries(Object.keys(entries).map((name) => [name, join(folder, 'tasks', name)]));
}

/** esbuild's account of what went into a bundle (esbuild: API, Metafile). */
export function metafileOf(folder: string, bundle: 'agent' | 'tasks'): string {
  return join(folder, `${bundle}.metafile.json`);
}

function build(folder: string, bundle: 'agent' | 'tasks', options: BuildOptions): void {
  const { metafile } = buildSync(options);
  mkdirSync(folder, { recursive: true });
  writeFileSync(metafileOf(folder, bundle), JSON.stringify(metafile));
}
