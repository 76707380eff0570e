/** The cluster of a rehearsal: a home in a folder of its own, deployed and bootstrapped as by `npm start`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SFNClient } from '@aws-sdk/client-sfn';
import { releaseArchive } from '../binaries/archive.ts';
import { progressPrinter } from '../binaries/progress.ts';
import { type Home, openHome } from '../home.ts';
import { bootstrapCluster } from '../start/bootstrap.ts';
import { deployCluster, prepareCluster } from '../start/deploy.ts';
import { saveCluster } from '../start/savedSettings.ts';
import type { RehearseOptions } from './options.ts';
import { releasesBetween } from './releases.ts';

export interface RehearsalCluster {
  readonly home: Home;
  readonly folder: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly states: SFNClient;
  /** Ends all processes; the folder stays only where that was asked for. */
  close(): Promise<void>;
}

/** Clients ask DNS again every second, so that a member that rests is left alone soon. */
const settings = { recordTtlSeconds: 1 };

/**
 * @param opened told how to close it, as soon as there is something to close
 * @throws Fault `ReleaseUnavailable`; Error where the cluster does not come up
 */
export async function openCluster(
  { from, to, members, keep }: Pick<RehearseOptions, 'from' | 'to' | 'members' | 'keep'>,
  say: (line: string) => void,
  opened: (close: () => Promise<void>) => void,
): Promise<RehearsalCluster> {
  const cluster = { members, etcd: from };
  const progress = progressPrinter(process.stderr);
  const prepared = await prepareCluster(cluster, settings, progress.show).finally(() => progress.end());
  // Built now, rather than while an upgrade waits for it.
  for (const release of releasesBetween(from, to))
    await releaseArchive(release, { onProgress: progress.show }).finally(() => progress.end());
  const folder = mkdtempSync(join(tmpdir(), 'etcd-rehearsal-'));
  saveCluster(folder, cluster);
  const opening = openHome({ folder });
  let states: SFNClient | null = null;
  const close = async () => {
    states?.destroy();
    await opening.then((home) => home.close()).catch(() => undefined);
    if (!keep) rmSync(folder, { recursive: true, force: true });
  };
  opened(close);
  const home = await opening;
  const outputs = await deployCluster(home, prepared);
  await bootstrapCluster(home, outputs, (...words) => say(words.join(' ')));
  const { endpoint, credentials, context } = home;
  states = new SFNClient({ endpoint, credentials, region: context.region });
  return { home, folder, outputs, states, close };
}
