/** RotateInstances of a whole cluster under load, as an operator would start it. */
import { Resolver } from 'node:dns/promises';
import { openTestCluster } from '../cluster/cluster.ts';
import { rotate } from '../cluster/rotation.ts';
import { startLoad } from './load.ts';
import { lostAt, type ProcedureResult } from './oldProcedure.ts';

/** How often the client asks DNS for the members: their records' time to live in this run. */
const refreshMs = 1_000;

export async function replaceOurWay(members: number, etcd: string, everyMs: number): Promise<ProcedureResult> {
  const cluster = await openTestCluster({ members, etcd, settings: { recordTtlSeconds: 1 } });
  const { dns } = cluster.home.services;
  const resolver = new Resolver();
  resolver.setServers([`${dns.address}:${dns.port}`]);
  let addresses = (await cluster.home.instances()).map(({ address }) => address);
  const service = `_etcd-client._tcp.${cluster.outputs.DiscoveryDomain}`;
  const refresh = async () => {
    const found = await resolver.resolveSrv(service).catch(() => []);
    const all = await Promise.all(found.map(({ name }) => resolver.resolve4(name).catch(() => [])));
    if (all.flat().length > 0) addresses = all.flat();
  };
  try {
    await cluster.ended(cluster.firstExecution);
    const timer = setInterval(() => void refresh(), refreshMs);
    const load = startLoad(() => addresses, etcd, everyMs);
    const began = performance.now();
    const end = await cluster.ended(await rotate(cluster, { reason: 'benchmark' }));
    const seconds = (performance.now() - began) / 1000;
    if (end.status !== 'SUCCEEDED') throw new Error(`RotateInstances ${end.status}: ${end.error}: ${end.cause}`);
    const result = await load.stop();
    clearInterval(timer);
    const [first] = await cluster.home.instances();
    return { ...result, seconds, lost: await lostAt(first?.address ?? '', etcd, result.acknowledged) };
  } finally {
    await cluster.close();
  }
}
