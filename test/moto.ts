/**
 * moto's server, an independent implementation of AWS's APIs to hold ours against. Installed once per user into a virtual
 * environment of Python; a test that starts it takes a while the first time.
 */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const version = '5.2.5';
const cache = join(homedir(), '.cache', 'etcd-appliance');
const environment = join(cache, `moto-${version}`);
const run = promisify(execFile);

/** Time for another test's installation to end, in ms. */
const installDeadline = 600_000;

export interface Moto {
  /** http://127.0.0.1:PORT */
  readonly endpoint: string;
  stop(): Promise<void>;
}

export interface MotoOptions {
  /** Executes state machines, and sends the calls of their Tasks to this port of localhost. */
  readonly taskPort?: number;
}

/** Why moto cannot be had here: printed, for a test to skip. Never the case in continuous integration. */
export function motoMissing(): boolean {
  if (process.env.CI !== undefined || existsSync(environment)) return false;
  const missing = spawnSync('python3', ['-m', 'venv', '--help']).status !== 0;
  if (missing)
    process.stderr.write('Skipped what compares with moto: there is no python3 with venv on this machine.\n');
  return missing;
}

/** Ends with the process that it started in, or earlier with `stop`. */
export async function startMoto({ taskPort }: MotoOptions = {}): Promise<Moto> {
  await install();
  const python = join(environment, 'bin', 'python');
  const env = { ...process.env, ...(taskPort === undefined ? {} : { MOTO_PORT: String(taskPort) }) };
  const server = spawn(python, ['-c', program], { env, stdio: ['pipe', 'ignore', 'pipe'] });
  const endpoint = await endpointOf(server);
  if (taskPort !== undefined) await executeStateMachines(endpoint);
  return {
    endpoint,
    async stop() {
      if (server.exitCode !== null || server.signalCode !== null) return;
      server.kill('SIGKILL');
      await once(server, 'exit');
    },
  };
}

/** Ends when its standard input does, so that nothing is left of a test that was killed. Port 0: any free one. */
const program = `
import os, sys, threading
def end():
    sys.stdin.read()
    os._exit(0)
threading.Thread(target=end, daemon=True).start()
from moto.server import main
main(['-H', '127.0.0.1', '-p', '0'])
`;

/** Goes on reading what moto prints, which would stand still otherwise. */
function endpointOf({ stderr }: ChildProcess): Promise<string> {
  if (stderr === null) throw new Error('moto was started without its standard error');
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let printed = '';
  let found = false;
  createInterface({ input: stderr })
    .on('line', (line) => {
      if (found) return;
      const endpoint = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
      found = endpoint !== undefined;
      printed += `${line}\n`;
      if (endpoint !== undefined) resolve(endpoint);
    })
    .on('close', () => reject(new Error(`moto ended before it listened:\n${printed}`)));
  return promise;
}

async function executeStateMachines(endpoint: string): Promise<void> {
  const body = JSON.stringify({ stepfunctions: { execute_state_machine: true } });
  const answer = await fetch(`${endpoint}/moto-api/config`, { method: 'POST', body });
  if (!answer.ok) throw new Error(`moto refused its configuration: ${answer.status} ${await answer.text()}`);
}

/** Made elsewhere and then moved, so that it is there whole or not at all. */
async function install(): Promise<void> {
  if (existsSync(environment)) return;
  mkdirSync(cache, { recursive: true });
  const unlock = await lock(`${environment}.lock`);
  const unfinished = `${environment}.unfinished`;
  try {
    if (existsSync(environment)) return;
    rmSync(unfinished, { recursive: true, force: true });
    await run('python3', ['-m', 'venv', unfinished]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `moto[server]==${version}`];
    await run(join(unfinished, 'bin', 'python'), pip);
    renameSync(unfinished, environment);
  } finally {
    unlock();
  }
}

/** SQLite's lock on a file: the system lets go of it when its holder dies. */
async function lock(file: string): Promise<() => void> {
  const database = new DatabaseSync(file);
  const deadline = Date.now() + installDeadline;
  for (;;) {
    try {
      database.exec('BEGIN EXCLUSIVE');
      return () => database.close();
    } catch (error) {
      const busy = error instanceof Error && error.message.includes('locked');
      if (busy && Date.now() < deadline) await sleep(250);
      else throw error;
    }
  }
}
