// What every `npm run` of this project needs before it starts: the pinned packages, installed once per lockfile. Plain
// JavaScript for whatever Node is installed, without dependencies, since nothing is there yet.
//
// A package's install script is a stranger's program on this machine before anybody has looked at it, so none runs (.npmrc:
// ignore-scripts, which leaves out the `pre` scripts of package.json, too) but those that are named here.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = join(dirname(fileURLToPath(import.meta.url)), '..');
const stamp = join(project, 'node_modules', '.etcd-appliance-installed');
const lock = join(project, '.etcd-appliance-installing');
const oldestNode = 20;
// `node` fetches the Node that runs everything else here, of its own version. The others that have scripts (@parcel/watcher,
// @swc/core, classic-level, esbuild) only look for, or compile, what they bring along for Linux and macOS anyway.
const withScripts = ['node'];

const major = Number(process.versions.node.split('.')[0]);
if (major < oldestNode) fail(`this needs Node ${oldestNode} or newer, here is ${process.version}: https://nodejs.org`);

const wanted = createHash('sha256')
  .update(readFileSync(join(project, 'package-lock.json')))
  .digest('hex');
if (!isInstalled()) install();

function isInstalled() {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
}

function install() {
  while (!takeLock()) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  try {
    // Another start may have installed it while this one waited.
    if (isInstalled()) return;
    // npm ci empties what a link leads to: another checkout's packages.
    if (lstatSync(join(project, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink())
      fail('node_modules is a link to packages of another lockfile; remove the link, and they are installed here');
    console.error('Installing packages (npm ci), once per lockfile ...');
    npm('ci', '--ignore-scripts', '--no-audit', '--no-fund');
    npm('rebuild', '--ignore-scripts=false', ...withScripts);
    writeFileSync(stamp, wanted);
  } finally {
    rmSync(lock, { force: true });
  }
}

function npm(...args) {
  const stdio = ['ignore', 2, 2];
  const { status, error } = spawnSync('npm', [...args, '--loglevel=error'], { cwd: project, stdio });
  if (error?.code === 'ENOENT') fail('npm is not on the PATH; it comes with Node: https://nodejs.org');
  if (status === 0) return;
  fail(`npm ${args[0]} failed; what it said is above. It needs the npm registry, or the one of your npm settings.`);
}

function takeLock() {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  if (!isAlive(lock)) rmSync(lock, { force: true });
  return false;
}

function isAlive(file) {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    // Just made and not written yet.
    if (pid === 0) return Date.now() - statSync(file).mtimeMs < 5_000;
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function fail(message) {
  console.error(message);
  rmSync(lock, { force: true });
  process.exit(1);
}
