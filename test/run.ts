/**
 * Runs the tests: `npm test` everything, `npm run test:fast` what needs no cluster, or the files given. Says what it prepares
 * and ends with `N passed, N failed`, whatever happened.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { releaseArchive } from '../infra/local/binaries/archive.ts';
import { progressPrinter } from '../infra/local/binaries/progress.ts';
import { resolveEtcd, resolveEtcdctl } from '../infra/local/binaries/resolve.ts';
import { chromiumOrInstall } from './chromium.ts';

const project = join(import.meta.dirname, '..');
const report = join(project, 'test-output', `jest-${process.pid}.json`);

/** What tests start. */
const etcdVersions = [
  ...['2.0.0', '2.0.5', '2.1.1', '2.2.5', '2.3.8'],
  ...['3.0.17', '3.1.20', '3.2.32', '3.3.27', '3.4.15'],
  ...['3.5.31', '3.5.35', '3.6.0', '3.6.16', '3.7.3'],
];
const etcdctlVersion = '3.5.35';
/** Left out of the fast subset: what starts clusters, browsers, moto or homes that are killed, and what synthesizes the app. */
const slow = [
  'test/cluster/',
  'conformance',
  'test/infra/local/contract/',
  'browser',
  'test/agent/machine/etcdClient',
  'test/agent/duties/supervise',
  'test/agent/main.test',
  'test/agent/etcd/exits',
  'test/infra/local/page/page',
  'test/infra/local/page/links',
  'test/infra/local/links/proxies',
  'test/infra/local/links/diallers',
  'synth',
  'test/agent/machine/awsMultipart',
  'test/infra/instance',
  'test/infra/regions.test',
  'test/infra/dns.test',
  'test/infra/certificates.test',
  'test/infra/release/auditCommand',
  'test/infra/release/bills',
  'test/infra/upgrade/progress',
  'test/infra/local/autoscaling/killed',
  'test/infra/local/autoscaling/refreshes',
  'test/infra/local/home/releases',
];

interface Count {
  passed: number;
  failed: number;
}

async function main(args: readonly string[]): Promise<Count> {
  const fast = args.includes('--fast');
  const patterns = args.filter((arg) => arg !== '--fast');
  const count: Count = { passed: 0, failed: 0 };
  mkdirSync(join(project, 'test-output'), { recursive: true });
  if (patterns.length === 0) {
    for (const [what, command] of [
      ['types', ['typescript/bin/tsc', '--noEmit']],
      ['types of the page', ['typescript/bin/tsc', '--noEmit', '-p', 'infra/local/page/browser']],
      ['lint', ['@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.']],
    ] as const) {
      say(`checking ${what}`);
      const [script, ...rest] = command;
      const ok = (await run([join('node_modules', script ?? ''), ...rest])) === 0;
      add(count, ok ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
      if (!ok) say(`${what}: failed, see above`);
    }
  }
  if (!fast && patterns.length === 0) await prepare();
  add(count, await jest(fast ? [...patterns, '--testPathIgnorePatterns', ...slow] : patterns));
  return count;
}

async function prepare(): Promise<void> {
  const progress = progressPrinter(process.stderr);
  for (const version of etcdVersions) {
    const path = await resolveEtcd(version, { onProgress: progress.show }).finally(() => progress.end());
    // Its tools are built here too, rather than within the time that a test has.
    await releaseArchive(version, { onProgress: progress.show }).finally(() => progress.end());
    say(`etcd ${version}: ${path}`);
  }
  const etcdctl = await resolveEtcdctl(etcdctlVersion, { onProgress: progress.show }).finally(() => progress.end());
  say(`etcdctl ${etcdctlVersion}: ${etcdctl}`);
  say(`Chromium: ${chromiumOrInstall() ?? 'not here; the tests of the page in a browser say what to do'}`);
}

async function jest(args: readonly string[]): Promise<Count> {
  const script = join('node_modules', 'jest', 'bin', 'jest.js');
  // The tests of clusters mostly wait, for etcd to settle and for elections: three at a time use two cores to about a half.
  const options = ['--json', `--outputFile=${report}`, '--maxWorkers=3'];
  // jest prints its JSON to stdout besides the file; what a person reads goes to stderr.
  const code = await run(
    ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', script, ...options, ...args],
    true,
  );
  const result = readReport();
  rmSync(report, { force: true });
  if (result === null) return { passed: 0, failed: 1 };
  // A file that could not be run has no tests to count.
  const broken = result.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length;
  const failed = result.numFailedTests + broken;
  return { passed: result.numPassedTests, failed: failed === 0 && code !== 0 ? 1 : failed };
}

interface JestResult {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

function readReport(): JestResult | null {
  try {
    return JSON.parse(readFileSync(report, 'utf8')) as JestResult;
  } catch {
    return null;
  }
}

function run(args: readonly string[], quietStdout = false): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: project,
      stdio: ['ignore', quietStdout ? 'ignore' : 'inherit', 'inherit'],
    });
    child.once('error', () => resolve(1));
    child.once('close', (code) => resolve(code ?? 1));
  });
}

function add(count: Count, more: Count): void {
  count.passed += more.passed;
  count.failed += more.failed;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

main(process.argv.slice(2)).then(
  (count) => finish(count),
  (error: Error) => {
    say(error.stack ?? error.message);
    finish({ passed: 0, failed: 1 });
  },
);

function finish({ passed, failed }: Count): void {
  process.exitCode = failed === 0 ? 0 : 1;
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
}
