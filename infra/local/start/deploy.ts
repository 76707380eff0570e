/** Everything between an open home and a running ClusterBootstrap: the release, the assembly, the deployment. */
import { releaseArchive } from '../binaries/archive.ts';
import type { Progress } from '../binaries/resolve.ts';
import type { Home } from '../home.ts';
import { synthesizedAssembly } from './assembly.ts';
import type { ClusterChoice } from './savedSettings.ts';

/** What can be made ready before a home is open. */
export interface Prepared {
  readonly assembly: string;
  readonly etcd: string;
  readonly release: { readonly path: string; readonly sha256: string };
}

/**
 * Fetches or builds the etcd release and synthesizes the app, both at once.
 * @param settings further fields of `etcd-appliance` in cdk.json
 * @throws Fault `ReleaseUnavailable`, naming what was tried.
 */
export async function prepareCluster(
  cluster: ClusterChoice,
  settings: Readonly<Record<string, unknown>> = {},
  onProgress?: (progress: Progress) => void,
): Promise<Prepared> {
  const [release, assembly] = await Promise.all([
    releaseArchive(cluster.etcd, onProgress ? { onProgress } : {}),
    synthesizedAssembly({ members: cluster.members, etcdVersion: cluster.etcd, ...settings }),
  ]);
  return { assembly, etcd: cluster.etcd, release };
}

/** Deploys the assembly; the release is in the cluster's bucket before the first instance looks for it. */
export function deployCluster(home: Home, prepared: Prepared): Promise<Readonly<Record<string, string>>> {
  return home.deploy(prepared.assembly, {
    bucketReady: (bucket) => home.publishRelease(bucket, prepared.etcd, prepared.release.path, prepared.release.sha256),
  });
}
