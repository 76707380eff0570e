/** RotateInstances of a whole cluster under load, as an operator would start it. */
import { startLoad } from '../../infra/local/rehearse/load.ts';
import { lostAt, type ProcedureResult } from '../../infra/local/rehearse/oldProcedure.ts';
import { openTestCluster } from '../cluster/cluster.ts';
import { followDns } from '../cluster/dns.ts';
import { rotate } from '../cluster/rotation.ts';

export async function replaceOurWay(
  members: number,
  etcd: string,
  everyMs: number,
): Promise<Omit<ProcedureResult, 'belowSeconds'>> {
  const cluster = await openTestCluster({ members, etcd, tls: true });
  const { identity } = cluster;
  const of = (addresses: readonly string[]) => ({ addresses, version: etcd, ...(identity && { identity }) });
  try {
    await cluster.ended(cluster.firstExecution);
    const aim = async (addresses: readonly string[]) => (await starting).aim(of(addresses));
    const followed = await followDns(cluster, (addresses) => void aim(addresses));
    const starting = startLoad({ target: of(followed.addresses()), everyMs });
    const load = await starting;
    const began = performance.now();
    const end = await cluster.ended(await rotate(cluster, { reason: 'benchmark' }));
    const seconds = (performance.now() - began) / 1000;
    if (end.status !== 'SUCCEEDED') throw new Error(`RotateInstances ${end.status}: ${end.error}: ${end.cause}`);
    const result = await load.stop();
    followed.stop();
    const [first] = await cluster.home.instances();
    return { ...result, seconds, lost: await lostAt(first?.address ?? '', etcd, result.acknowledged) };
  } finally {
    await cluster.close();
  }
}
