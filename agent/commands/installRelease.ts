/** Makes a release present beside the one that runs, and makes room: of a long ladder only the last steps are kept. */
import { removeReleasesBut } from '../machine/releases.ts';
import type { Commands } from '../protocol.ts';
import type { UpgradeContext } from './upgradeContext.ts';

/** @throws Fault `ReleaseUnavailable` */
export async function installRelease(
  { version }: Commands['installRelease']['input'],
  { install, disk, layout, log }: UpgradeContext,
): Promise<Commands['installRelease']['result']> {
  await install(version);
  const [runs, before] = [disk.member()?.version, disk.previousMember()?.version];
  // Without a member nobody knows what is needed.
  if (runs === undefined) return { version };
  const removed = removeReleasesBut(layout.releases, [version, runs, ...(before === undefined ? [] : [before])]);
  if (removed.length > 0) log('older releases removed', { removed });
  return { version };
}
