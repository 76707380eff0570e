/** Real etcd from the Go modules: a pinned go.mod and go.sum per version in recipes/, for machines that cannot download. */
import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareVersions, type Minor, minorOf, parseVersion } from '#etcd/versions.ts';
import { isEtcd, type Program } from './cache.ts';
import { overlayFor } from './overlay.ts';
import { runProgram } from './program.ts';
import type { Progress } from './progress.ts';

const recipes = join(import.meta.dirname, 'recipes');
const stubs = join(import.meta.dirname, 'stubs');

/** Versions that can be built, oldest first. */
export function buildable(): readonly string[] {
  return readdirSync(recipes)
    .filter((name) => parseVersion(name) !== null)
    .sort(compareVersions);
}

export function isBuildable(program: Program, version: string): boolean {
  return existsSync(join(recipes, recipeOf(program, version)));
}

function recipeOf(program: Program, version: string): string {
  return program === 'etcd' ? version : `${program}-${version}`;
}

/**
 * What the names of a minor's files in the cache end with, where it is built otherwise here than it once was: files of the
 * builds before are not taken for it.
 */
const revisions: Readonly<Partial<Record<Minor, string>>> = {
  // With `withHttp2Offer`.
  '3.0': '+2',
  // With a bbolt that reads what 3.3 has written, as official 3.2.32 has it: a member can go back.
  '3.2': '+2',
};

export function revisionOf(version: string): string {
  return revisions[minorOf(version) as Minor] ?? '';
}

interface Toolchain {
  readonly go: string;
  readonly module: string;
}

/** 2.x panics at start when built with Go 1.22 (generated codecs); 3.0 to 3.4 depend on what Go 1.20 still accepts. */
function toolchainOf(program: Program, version: string): Toolchain {
  const server = program === 'etcd';
  const below = server ? '' : '/etcdctl';
  if (compareVersions(version, '3.4.0') < 0) return { go: 'go1.20.14', module: `github.com/coreos/etcd${below}` };
  if (compareVersions(version, '3.5.0') < 0) return { go: 'go1.20.14', module: `go.etcd.io/etcd${below}` };
  return { go: 'go1.26.8', module: `go.etcd.io/etcd/${server ? 'server' : program}/v3` };
}

/**
 * Builds etcd, or one of its tools, into `target`.
 * @throws Error saying what is missing or what the compiler said
 */
export async function buildEtcd(
  program: Program,
  version: string,
  target: string,
  show: (progress: Progress) => void,
): Promise<void> {
  const recipe = recipeOf(program, version);
  if (!isBuildable(program, version))
    throw new Error(`there is no recipe for it; there are ${readdirSync(recipes).join(', ')}`);
  const { go, module } = toolchainOf(program, version);
  const env = { ...process.env, GOTOOLCHAIN: go, GOFLAGS: '-mod=readonly', GOWORK: 'off', CGO_ENABLED: '0' };
  const began = Date.now();
  const report = (detail: string, fraction: number | null) =>
    show({
      task: `${program} ${version}`,
      detail: `${detail}, ${Math.round((Date.now() - began) / 1000)} s`,
      fraction,
    });
  await requireGo(go, env, () => report(`fetching ${go}`, null));

  const work = mkdtempSync(join(tmpdir(), 'etcd-build-'));
  try {
    cpSync(stubs, join(work, 'stubs'), { recursive: true });
    const cwd = join(work, 'recipes', recipe);
    cpSync(join(recipes, recipe), cwd, { recursive: true });
    report('fetching modules', null);
    const overlay = await overlayFor(version, work, cwd, env);
    const packages = (await runProgram('go', ['list', ...overlay, '-deps', module], { cwd, env }))
      .trim()
      .split('\n').length;
    let built = 0;
    const fresh = `${target}.${process.pid}.part`;
    await runProgram(
      'go',
      ['build', '-v', '-trimpath', '-buildvcs=false', '-ldflags=-s -w', ...overlay, '-o', fresh, module],
      {
        cwd,
        env,
        onLine: () => report(`building, package ${++built} of at most ${packages}`, Math.min(built / packages, 0.99)),
      },
    );
    if (!(await isEtcd(fresh, version, program)))
      throw new Error(`what was built does not say that it is ${program} ${version}`);
    chmodSync(fresh, 0o755);
    renameSync(fresh, target);
  } finally {
    // Go makes parts of what it unpacks read-only.
    rmSync(work, { recursive: true, force: true });
    rmSync(`${target}.${process.pid}.part`, { force: true });
  }
}

async function requireGo(go: string, env: NodeJS.ProcessEnv, fetching: () => void): Promise<void> {
  const timer = setInterval(fetching, 1_000);
  try {
    const version = (await runProgram('go', ['env', 'GOVERSION'], { env })).trim();
    if (version !== go)
      throw new Error(`it is built with ${go}, which Go 1.21 or newer fetches by itself; here is ${version}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error('building it needs Go 1.21 or newer on the PATH (https://go.dev/doc/install)');
  } finally {
    clearInterval(timer);
  }
}
