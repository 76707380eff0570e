/** The cluster of a rehearsal: a home in a folder of its own, deployed and bootstrapped as by `npm start`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SFNClient } from '@aws-sdk/client-sfn';
import { presentToEtcd } from '../../../agent/machine/etcdHttp.ts';
import type { TlsIdentity } from '../../../agent/machine/http.ts';
import { releaseArchive } from '../binaries/archive.ts';
import { progressPrinter } from '../binaries/progress.ts';
import { type Home, openHome } from '../home.ts';
import { type Bootstrapped, bootstrapCluster } from '../start/bootstrap.ts';
import { deployCluster, prepareCluster } from '../start/deploy.ts';
import { operatorIdentity } from '../start/operator.ts';
import { saveCluster } from '../start/savedSettings.ts';
import type { RehearseOptions } from './options.ts';
import { releasesBetween } from './releases.ts';

export interface RehearsalCluster {
  readonly home: Home;
  readonly folder: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly states: SFNClient;
  /** The operator's, which this process shows from now on; null: plain HTTP. */
  readonly identity: TlsIdentity | null;
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
  { from, to, members, tls, keep }: Pick<RehearseOptions, 'from' | 'to' | 'members' | 'tls' | 'keep'>,
  say: (line: string) => void,
  opened: (close: () => Promise<void>) => void,
): Promise<RehearsalCluster> {
  const cluster = { members, etcd: from, tls };
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
  try {
    const home = await opening;
    const outputs = await deployCluster(home, prepared);
    const bootstrapped = await bootstrapCluster(home, outputs, (...words) => say(words.join(' ')));
    const identity = tls ? await operatorIdentity(home, folder, anyAddress(bootstrapped)) : null;
    presentToEtcd(identity);
    const { endpoint, credentials, context } = home;
    states = new SFNClient({ endpoint, credentials, region: context.region });
    return { home, folder, outputs, states, identity, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function anyAddress({ members: [first] }: Bootstrapped): string {
  if (first === undefined) throw new Error('the cluster has no members');
  return new URL(first.clientUrl).hostname;
}
