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
  cluster: Pick<ClusterChoice, 'etcd'> & Partial<ClusterChoice>,
  settings: Readonly<Record<string, unknown>> = {},
  onProgress?: (progress: Progress) => void,
): Promise<Prepared> {
  const [release, assembly] = await Promise.all([
    releaseArchive(cluster.etcd, onProgress ? { onProgress } : {}),
    synthesizedAssembly({
      ...placed(cluster),
      etcdVersion: cluster.etcd,
      ...(cluster.tls !== undefined && { tls: cluster.tls }),
      ...(cluster.authorityGeneration && { certificateAuthorityGeneration: cluster.authorityGeneration }),
      ...settings,
    }),
  ]);
  return { assembly, etcd: cluster.etcd, release };
}

/** The home region, which is the local home's first one, and the second one. */
export const localRegions = ['eu-west-1', 'eu-central-1'] as const;

function placed({ members, remoteMembers }: Partial<ClusterChoice>): Readonly<Record<string, unknown>> {
  if (members === undefined) return {};
  if (remoteMembers === undefined) return { members };
  const [home, other] = localRegions;
  return {
    regions: [
      { region: home, members },
      { region: other, members: remoteMembers },
    ],
  };
}

/** Half of it each way. */
export async function setRoundTrip(home: Home, roundTripMs: number): Promise<void> {
  const [first, other] = localRegions;
  await home.region(other);
  await home.links.set({ from: first, to: other, delayMs: roundTripMs / 2 });
  await home.links.set({ from: other, to: first, delayMs: roundTripMs / 2 });
}

/** Deploys the assembly; the release is in the cluster's bucket before the first instance looks for it. */
export function deployCluster(home: Home, prepared: Prepared): Promise<Readonly<Record<string, string>>> {
  return home.deploy(prepared.assembly, {
    bucketReady: (bucket) => home.publishRelease(bucket, prepared.etcd, prepared.release.path, prepared.release.sha256),
  });
}
