import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, test } from '@jest/globals';
import { startTimeOf } from '../../../../agent/machine/processes.ts';
import { makeFolder, openFolder } from '../../../../infra/local/home/folder.ts';
import { chooseNetwork } from '../../../../infra/local/home/network.ts';
import { type Home, openHome } from '../../../../infra/local/home.ts';
import { listening } from '../../../loopback.ts';

const folders: string[] = [];
const homes: Home[] = [];
function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'home-'));
  folders.push(made);
  return made;
}
async function home(at: string): Promise<Home> {
  const opened = await openHome({ folder: at });
  homes.push(opened);
  return opened;
}
afterEach(async () => {
  for (const opened of homes.splice(0)) await opened.close();
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
});

describe('a data folder', () => {
  test('has one process at a time', async () => {
    const at = folder();
    const first = await home(at);
    await expect(openHome({ folder: at })).rejects.toMatchObject({
      name: 'InvalidInput',
      message: expect.stringContaining(`is already running, in process ${process.pid}: stop that first`),
    });
    await first.close();
    await home(at);
  });

  test('is its owner’s alone, also one that an older home left open', () => {
    const mode = (at: string) => statSync(at).mode & 0o777;
    const at = join(folder(), 'new', 'cluster');
    openFolder(at).close();
    expect(mode(at)).toBe(0o700);
    chmodSync(at, 0o755);
    openFolder(at).close();
    expect(mode(at)).toBe(0o700);
  });

  test('that holds other things keeps its mode', () => {
    const at = join(folder(), 'shared');
    mkdirSync(at);
    writeFileSync(join(at, 'letter.txt'), '');
    chmodSync(at, 0o755);
    makeFolder(at);
    expect(statSync(at).mode & 0o777).toBe(0o755);
  });

  test('of a process that is gone is free, also where its pid is somebody else’s by now', () => {
    const at = folder();
    for (const left of [`${process.pid} 1`, '999999999 5', '', 'junk']) {
      writeFileSync(join(at, 'home.pid'), left);
      openFolder(at).close();
    }
    writeFileSync(join(at, 'home.pid'), `${process.pid} ${startTimeOf(process.pid)}`);
    expect(() => openFolder(at)).toThrow('already running');
  });
});

describe('the addresses of a home', () => {
  test('are on loopback, each of them, and its record is on none', async () => {
    const before = listening();
    const { context, services } = await home(folder());
    const own = listening().filter((address) => !before.includes(address));
    expect(own.filter((address) => !address.startsWith('127.'))).toEqual([]);
    const { dns } = services;
    expect(own.sort()).toEqual([
      `${context.network}.1:4566`,
      `${dns.address}:${dns.port}`,
      `${dns.address}:${dns.port}`,
    ]);
  });

  test('leave room for a data folder with a long name', async () => {
    const at = join(folder(), 'a-long-name-'.repeat(15));
    const { endpoint, credentials, context } = await home(at);
    const client = new DynamoDBClient({ endpoint, region: context.region, credentials, maxAttempts: 1 });
    expect((await client.send(new ListTablesCommand({}))).TableNames).toEqual([]);
    client.destroy();
  });

  test('answer no page of a browser, by whatever name it comes', async () => {
    const { endpoint } = await home(folder());
    for (const headers of [
      { host: 'evil.example:4566' },
      { host: 'localhost:4566' },
      { origin: 'http://evil.example' },
      { 'sec-fetch-site': 'same-origin' },
    ] as const) {
      const status = await new Promise((resolve, reject) => {
        const sent = request(endpoint, { method: 'POST', headers }, (answer) => resolve(answer.resume().statusCode));
        sent.on('error', reject).end();
      });
      expect([headers, status]).toEqual([headers, 403]);
    }
  });

  test('are its own beside others, and the same the next time', async () => {
    const [one, two] = [await home(folder()), await home(folder())];
    expect(one.context.network).not.toBe(two.context.network);
    expect(one.endpoint).toBe(`http://${one.context.network}.1:4566`);
    expect(one.context.network).toMatch(/^127\.([1-9]\d*)\.\d+$/);
    await one.close();
    expect((await home(one.context.folder)).context.network).toBe(one.context.network);
  });

  test('move on where another home has them', async () => {
    const at = folder();
    const first = await home(at);
    const opened = openFolder(folder());
    // The same folder name leads to the same first choice.
    const other = await chooseNetwork(opened.database, at);
    opened.close();
    expect(other).not.toBe(first.context.network);
  });
});
