/** Installs a release in a process of its own: what an archive of 20 MB leaves behind in memory ends with it. */
import { spawn } from 'node:child_process';
import { Fault } from '#etcd/faults.ts';
import type { Installed, Releases } from './releases.ts';

/** @param there looks where the child installs */
export function releasesByChild(there: Installed): Releases {
  const { installed } = there;
  return {
    ...there,
    async install(version) {
      const known = installed(version);
      if (known !== null) return known;
      await runInstall(version);
      const binary = installed(version);
      if (binary === null) throw new Fault('ReleaseUnavailable', `etcd ${version} is not there after its installation`);
      return binary;
    },
  };
}

/** `etcd-agent install X.Y.Z`, this very program. @throws Fault `ReleaseUnavailable` with what it said */
function runInstall(version: string): Promise<void> {
  const program = process.argv[1] ?? '';
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...process.execArgv, program, 'install', version], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk).slice(-4_000)));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Fault('ReleaseUnavailable', said.trim() || `its installation ended ${signal ?? `exit ${code}`}`));
    });
  });
}
