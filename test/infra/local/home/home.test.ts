import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { startTimeOf } from '../../../../agent/machine/processes.ts';
import { openFolder } from '../../../../infra/local/home/folder.ts';
import { chooseNetwork } from '../../../../infra/local/home/network.ts';
import { type Home, openHome } from '../../../../infra/local/home.ts';

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
