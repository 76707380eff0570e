/** What real etcd says when its data is damaged, and what the appliance makes of it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, truncateSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { exitCause } from '#etcd/exits.ts';
import { compareVersions } from '#etcd/versions.ts';
import type { EtcdCommand } from '../../../agent/machine/etcdProcess.ts';
import { write } from '../../../infra/local/rehearse/kv.ts';
import { eventually } from '../../cluster/cluster.ts';
import { ownAddress } from '../../loopback.ts';
import { singleMember } from '../etcdServer.ts';

jest.setTimeout(60_000);
const address = ownAddress(6);
const versions = ['2.3.8', '3.3.27', '3.5.35', '3.7.3'] as const;
let folder: string;
let running: ChildProcess | null;
let said: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'exits-'));
  running = null;
});
afterEach(async () => {
  await end();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts etcd; resolves when it has ended. */
function run({ binary, arguments: args }: EtcdCommand): Promise<number | null> {
  said = '';
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  running = child;
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text));
  return new Promise((resolve) => child.once('close', (code) => resolve(code)));
}

async function end(): Promise<void> {
  const child = running;
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** A member with some data, killed. */
async function killedMember(version: string): Promise<EtcdCommand> {
  const command = await singleMember(version, address, folder);
  void run(command);
  await eventually('a write', async () => {
    await write(address, version, 'first', 'x', 1_000);
    return true;
  });
  for (let index = 0; index < 50; index++) await write(address, version, `key${index}`, 'x'.repeat(100));
  await end();
  return command;
}

const memberFile = (...parts: string[]) => join(folder, 'data', 'member', ...parts);

function damage(file: string, offset: number): void {
  const opened = openSync(file, 'r+');
  writeSync(opened, Buffer.alloc(16, 0xff), 0, 16, offset);
  closeSync(opened);
}

describe('etcd whose data is damaged', () => {
  test.each(versions)('in the middle of its log ends as corrupt (%s)', async (version) => {
    const command = await killedMember(version);
    const [name = ''] = readdirSync(memberFile('wal')).filter((file) => file.endsWith('.wal'));
    const log = readFileSync(memberFile('wal', name));
    // Inside a record, whose checksum then is wrong; damage to a record's length is taken for a torn end, and repaired.
    damage(memberFile('wal', name), log.indexOf('key25') + 20);
    expect(await run(command)).not.toBe(0);
    expect([exitCause(said), said.slice(-600)]).toEqual(['corrupt', expect.any(String)]);
  });

  test.each(versions.filter((version) => compareVersions(version, '3.0.0') >= 0))(
    'in its database ends as corrupt (%s)',
    async (version) => {
      const command = await killedMember(version);
      truncateSync(memberFile('snap', 'db'), 5_000);
      expect(await run(command)).not.toBe(0);
      expect([exitCause(said), said.slice(-600)]).toEqual(['corrupt', expect.any(String)]);
    },
  );
});

describe('other ends', () => {
  test.each([
    ['', 'other'],
    ['signal: terminated', 'other'],
    ['etcdserver: repaired WAL error (unexpected EOF)', 'other'],
    ['etcdserver: the member has been permanently removed from the cluster', 'removed'],
    ['rafthttp: the data-dir used by this member must be removed', 'removed'],
    ['write /var/lib/etcd/data/member/wal/0.wal: no space left on device', 'diskFull'],
    ['wal: crc mismatch after: no space left on device', 'diskFull'],
    ['error validating peerURLs {ClusterID:1}: member count is unequal', 'notJoined'],
    ['cannot fetch cluster info from peer urls: could not retrieve cluster information', 'notJoined'],
  ])('%j: %s', (words, cause) => expect(exitCause(words)).toBe(cause));
});
