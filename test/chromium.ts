/** Where Chromium is on this machine, for the tests that look at the page. */
import { type ExecFileSyncOptions, execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

export const missingChromium =
  'no Chromium found: looked for $CHROMIUM and, on PATH, for ' +
  `${names.join(', ')}. Install it (apt-get install chromium) or set CHROMIUM to its path.`;

/** `$CHROMIUM`, or the first of the usual names on PATH; null where there is none. */
export function findChromium(): string | null {
  const named = process.env.CHROMIUM;
  if (named !== undefined && named !== '') return named;
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(executable) ?? null;
}

/** @throws Error that says what was looked for and what to install. */
export function requireChromium(): string {
  const found = findChromium();
  if (found === null) throw new Error(missingChromium);
  return found;
}

/**
 * Finds Chromium, or installs it where that is possible without asking anybody: as root, with apt-get.
 * @returns null where there is none; why is printed
 */
export function chromiumOrInstall(): string | null {
  const found = findChromium();
  if (found !== null) return found;
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0) {
    process.stderr.write(`${missingChromium}\n`);
    return null;
  }
  process.stderr.write('No Chromium here: installing it with apt-get, once, for the tests of the page\n');
  try {
    const quietly: ExecFileSyncOptions = {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'ignore', 'pipe'],
    };
    execFileSync('apt-get', ['update', '-qq'], quietly);
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], quietly);
  } catch (error) {
    process.stderr.write(
      `apt-get could not install it: ${error instanceof Error ? error.message : error}\n${missingChromium}\n`,
    );
    return null;
  }
  return findChromium();
}

function executable(path: string): boolean {
  if (!existsSync(path)) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
