/** The cloud assembly for given settings: synthesized in a process of its own, once per state of the sources. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';

const project = new URL('../../../', import.meta.url).pathname;
/** What a synth reads. */
const sources = ['agent', 'tasks', 'workflows', 'infra', 'cdk.json', 'package-lock.json'];

/**
 * Synthesizes the app with these settings, or finds the assembly of an earlier synth of the same sources and settings.
 * @param settings fields of `etcd-appliance` in cdk.json that differ from the defaults
 * @returns the assembly's folder
 */
export async function synthesizedAssembly(settings: Readonly<Record<string, unknown>>): Promise<string> {
  const sourcesKey = digest(sources.flatMap(filesBelow), '');
  const folder = join(
    project,
    '.cache',
    'assemblies',
    digest([], `${sourcesKey}${JSON.stringify(Object.entries(settings).sort())}`),
  );
  const bundles = join(project, '.cache', 'bundles', sourcesKey);
  if (existsSync(join(folder, 'manifest.json'))) {
    utimesSync(folder, new Date(), new Date());
    return folder;
  }
  const fresh = `${folder}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  try {
    mkdirSync(join(bundles, '..'), { recursive: true });
    await synthesize(fresh, settings, bundles);
    renameSync(fresh, folder);
    for (const kept of [folder, bundles]) forgetUnused(join(kept, '..'));
  } catch (error) {
    // Two starts at once synthesize the same thing: whoever renames second takes the other's.
    if (!existsSync(join(folder, 'manifest.json'))) throw error;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return folder;
}

/** Those that no start or test has used for a week. */
function forgetUnused(kept: string): void {
  const oldest = Date.now() - 7 * 86_400_000;
  for (const name of readdirSync(kept)) {
    const folder = join(kept, name);
    if ((statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? oldest) < oldest)
      rmSync(folder, { recursive: true, force: true });
  }
}

function digest(files: readonly string[], text: string): string {
  const hash = createHash('sha256').update(text);
  for (const file of files)
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(project, file)));
  return hash.digest('hex').slice(0, 20);
}

function filesBelow(path: string): string[] {
  if (path === 'infra/local') return []; // the stand-in is not part of the app
  if (!existsSync(join(project, path))) return [];
  const entries = path.includes('.') ? null : readdirSync(join(project, path), { withFileTypes: true });
  if (entries === null) return [path];
  return entries
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(path, entry.name)) : [join(path, entry.name)]))
    .sort();
}

function synthesize(outdir: string, settings: Readonly<Record<string, unknown>>, bundles: string): Promise<void> {
  const given = ['--settings', JSON.stringify(settings), '--bundles', bundles];
  const args = ['infra/synthesize.ts', '--outdir', outdir, ...given];
  const child = spawn(process.execPath, args, { cwd: project, stdio: ['ignore', 'pipe', 'pipe'] });
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`synthesizing the app failed (exit ${code}):\n${Buffer.concat(said).toString('utf8')}`));
    });
  });
}
