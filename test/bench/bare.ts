/** The same etcd processes, started by hand: what etcd itself needs. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { peerUrl } from '#etcd/addresses.ts';
import { presentToEtcd } from '../../agent/machine/etcdHttp.ts';
import { resolveEtcd } from '../../infra/local/binaries/resolve.ts';
import { type BareEtcd, endBareEtcd, randomNetwork, startBareEtcd } from '../../infra/local/rehearse/bareEtcd.ts';
import { read, write } from '../../infra/local/rehearse/kv.ts';

/** Seconds from the first spawn until every member has answered a write and a linearizable read. */
export async function bootBare(members: number, version: string): Promise<number> {
  await resolveEtcd(version);
  const folder = mkdtempSync(join(tmpdir(), 'etcd-bare-'));
  const began = performance.now();
  const running = await startBareCluster(members, version, folder);
  try {
    await Promise.all(running.map(({ spec }) => answers(spec.address, version, spec.name)));
    return (performance.now() - began) / 1000;
  } finally {
    await Promise.all(running.map((one) => endBareEtcd(one, 'SIGKILL')));
    rmSync(folder, { recursive: true });
  }
}

/** @param v2Api whether clients write through the v2 API, where that is not the default any more */
export function startBareCluster(
  members: number,
  version: string,
  folder: string,
  v2Api = false,
): Promise<readonly BareEtcd[]> {
  // What TLS costs is on our side of the comparison.
  presentToEtcd(null);
  const network = randomNetwork();
  const all = Array.from({ length: members }, (_, index) => {
    const address = `${network}.${10 + index}`;
    return { name: `m${index}`, address, peerUrl: peerUrl(address) };
  });
  const common = { version, members: all, clusterToken: 'bare', clusterState: 'new', v2Api } as const;
  return Promise.all(
    all.map(({ name, address }) => startBareEtcd({ ...common, name, address, dataDir: join(folder, name) })),
  );
}

/** Resolves once the member has answered a write and a linearizable read. @param version whose API is used */
export async function answers(address: string, version: string, name: string): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    try {
      // Not left hanging on a proposal that an election dropped.
      await write(address, version, `bare/${name}`, name, 500);
      if ((await read(address, version, `bare/${name}`, 500)) === name) return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
