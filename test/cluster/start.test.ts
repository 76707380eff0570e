/** `npm start` as a newcomer types it: a real cluster goes green in a real browser, stops with Ctrl-C, resumes, starts over. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { chromium } from 'playwright-core';
import { presentToEtcd } from '../../agent/machine/etcdHttp.ts';
import type { TlsIdentity } from '../../agent/machine/http.ts';
import { startTimeOf } from '../../agent/machine/processes.ts';
import { resolveEtcdctl } from '../../infra/local/binaries/resolve.ts';
import { read, write } from '../../infra/local/rehearse/kv.ts';
import type { Endpoints } from '../../infra/local/start/endpoints.ts';
import { chromiumOrInstall } from '../chromium.ts';
import { eventually, statusOf } from './cluster.ts';

jest.setTimeout(240_000);
const project = join(import.meta.dirname, '../..');
const screenshots = join(project, 'test-output/page');
const executable = chromiumOrInstall();
const etcd = '3.5.35';

interface Started {
  readonly child: ChildProcess;
  /** All it has printed. */
  output(): string;
  ended: Promise<number | null>;
}

const folders: string[] = [];
const running = new Set<Started>();

afterEach(async () => {
  presentToEtcd(null);
  for (const started of running) await interrupt(started);
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'npm-start-'));
  folders.push(folder);
  return join(folder, 'cluster');
}

/** In a process group of its own, as a shell starts it. */
function npmStart(...args: readonly string[]): Started {
  const child = spawn('npm', ['start', '--', ...args], {
    cwd: project,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (output += text));
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  const started: Started = { child, output: () => output, ended };
  running.add(started);
  void ended.then(() => running.delete(started));
  return started;
}

/** Ctrl-C: the terminal sends SIGINT to the whole group. npm passes it on and ends by it, last of all. */
async function interrupt({ child, ended }: Started): Promise<number | null> {
  process.kill(-(child.pid ?? 0), 'SIGINT');
  return ended;
}

const printed = (started: Started, pattern: RegExp) =>
  eventually(
    `${pattern} in what it prints`,
    async () => {
      if (started.child.exitCode !== null) throw new Error(`it ended: ${started.output()}`);
      return pattern.exec(started.output());
    },
    120_000,
  );

async function ready(started: Started, folder: string): Promise<Endpoints> {
  await printed(started, /Ctrl-C stops it/);
  return JSON.parse(readFileSync(join(folder, 'endpoints.json'), 'utf8')) as Endpoints;
}

/** What is in the folder, and the folder, that others than its owner can do anything with. */
function openToOthers(folder: string): string[] {
  const kept = ['.', ...readdirSync(folder)].map((name) => join(folder, name));
  return kept.filter((path) => (statSync(path).mode & 0o077) !== 0);
}

/** What the operator's files hold, as the commands that are printed name them. */
function operatorOf({ operator }: Endpoints): { identity: TlsIdentity; serial: string } {
  if (operator === undefined) throw new Error('there is no certificate of the operator');
  const [certificate = '', key = '', authorities = ''] = [operator.certificate, operator.key, operator.authorities].map(
    (file) => readFileSync(file, 'utf8'),
  );
  return { identity: { certificate, key, authorities }, serial: new X509Certificate(certificate).serialNumber };
}

/** Pastes the line that begins so into a shell. */
async function pasted(started: Started, command: string): Promise<string> {
  const line =
    started
      .output()
      .split('\n')
      .find((one) => one.startsWith(`  ${command} `)) ?? 'false';
  // Its file is named after its version, too.
  const typed = line.replace(/^ *etcdctl /, `'${await resolveEtcdctl(etcd)}' `);
  return (await promisify(execFile)('sh', ['-c', typed])).stdout;
}

const addressOf = (clientUrl: string) => new URL(clientUrl).hostname;
const statuses = ({ members }: Endpoints) =>
  Promise.all(members.map(({ clientUrl }) => statusOf(addressOf(clientUrl))));

describe('npm start', () => {
  test('brings up a cluster, shows it, stops with Ctrl-C, resumes it, and starts over with --fresh', async () => {
    const folder = dataFolder();
    const first = npmStart('--data', folder, '--members', '3', '--etcd', etcd);
    const [, url = ''] = await printed(first, /Watch it at (http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]+)/);
    if (executable !== null) await watchItGoGreen(executable, url);
    const endpoints = await ready(first, folder);
    expect(endpoints).toMatchObject({ page: url, region: 'eu-west-1' });
    expect(endpoints.members).toHaveLength(3);
    expect(openToOthers(folder)).toEqual([]);
    const { identity, serial } = operatorOf(endpoints);
    presentToEtcd(identity);
    const answers = (await pasted(first, 'etcdctl')).trim().split('\n');
    expect(answers.map((line) => line.split(', ')[0]).sort()).toEqual(
      endpoints.members.map(({ clientUrl }) => clientUrl).sort(),
    );
    expect(endpoints.members.every(({ clientUrl }) => clientUrl.startsWith('https://'))).toBe(true);

    const { awsEndpoint: endpoint, region, credentials } = endpoints;
    const groups = new AutoScalingClient({ endpoint, region, credentials });
    const { AutoScalingGroups } = await groups.send(new DescribeAutoScalingGroupsCommand({}));
    groups.destroy();
    expect(AutoScalingGroups?.[0]?.Instances?.map(({ InstanceId }) => InstanceId).sort()).toEqual(
      endpoints.members.map(({ name }) => name).sort(),
    );
    const [one, , three] = endpoints.members.map(({ clientUrl }) => addressOf(clientUrl));
    await write(one ?? '', etcd, 'kept', 'over the night');
    const before = await statuses(endpoints);

    const second = npmStart('--data', folder);
    expect(await second.ended).not.toBe(0);
    expect(second.output()).toContain('already running, in process');

    await interrupt(first);
    expect(first.output()).toContain(`Stopping; the data stays in ${folder}`);
    for (const status of before) expect(startTimeOf(status?.etcd.pid ?? 0)).toBeNull();

    const again = npmStart('--data', folder);
    const resumed = await ready(again, folder);
    expect(resumed.members).toEqual(endpoints.members);
    expect(operatorOf(resumed).serial).toBe(serial);
    const after = await statuses(resumed);
    expect(after.map((status) => status?.member?.id)).toEqual(before.map((status) => status?.member?.id));
    expect(await read(three ?? '', etcd, 'kept')).toBe('over the night');
    await interrupt(again);

    const changed = npmStart('--data', folder, '--members', '1');
    expect(await changed.ended).not.toBe(0);
    expect(changed.output()).toContain('--members is 1, but the cluster in');

    const fresh = await ready(npmStart('--data', folder, '--members', '1', '--no-tls', '--fresh'), folder);
    expect(fresh.members).toEqual([expect.objectContaining({ clientUrl: expect.stringMatching(/^http:/) })]);
    expect(fresh.operator).toBeUndefined();
    const [status] = await statuses(fresh);
    expect(before.map((old) => old?.member?.clusterId)).not.toContain(status?.member?.clusterId);
  });

  test('refuses a port that is taken, and leaves nothing running', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const started = npmStart('--data', dataFolder(), '--port', String(port));
    expect(await started.ended).not.toBe(0);
    expect(started.output()).toContain(`--port is '${port}', where another program listens`);
    expect(started.output()).not.toContain('    at ');
    await new Promise((resolve) => taken.close(resolve));
  });
});

async function watchItGoGreen(executablePath: string, url: string): Promise<void> {
  mkdirSync(screenshots, { recursive: true });
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(60_000);
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    await page.goto(url);
    await page.getByRole('button', { name: /^Wait until the member is healthy: running/ }).waitFor();
    await page.screenshot({ path: join(screenshots, 'bootstrap-running-1280.png'), fullPage: true });
    await page.getByRole('button', { name: 'Cluster created: succeeded', exact: true }).waitFor();
    await page.getByRole('status', { name: 'Cluster health' }).getByText('3 of 3 members healthy').waitFor();
    await page.screenshot({ path: join(screenshots, 'bootstrap-created-1280.png'), fullPage: true });
    const states = await page.locator('.state').evaluateAll((all) => all.map((one) => one.getAttribute('data-status')));
    expect(new Set(states)).toEqual(new Set(['succeeded', 'waiting']));
    expect(faults).toEqual([]);
  } finally {
    await browser.close();
  }
}
