/** An operation of a whole cluster under load, as an operator would start it. */
import { startLoad } from '../../infra/local/rehearse/load.ts';
import { lostAt, type ProcedureResult } from '../../infra/local/rehearse/oldProcedure.ts';
import { openTestCluster, type TestCluster, type TestClusterOptions } from '../cluster/cluster.ts';
import { followDns } from '../cluster/dns.ts';

export type OperationResult = Omit<ProcedureResult, 'belowSeconds'>;

/** @param start gives the ARN of the execution */
export async function operateUnderLoad(
  options: TestClusterOptions,
  everyMs: number,
  start: (cluster: TestCluster) => Promise<string>,
): Promise<OperationResult> {
  const { etcd } = options;
  const cluster = await openTestCluster({ ...options, tls: true });
  const { identity } = cluster;
  const of = (addresses: readonly string[]) => ({ addresses, version: etcd, ...(identity && { identity }) });
  let load: Awaited<ReturnType<typeof startLoad>> | undefined;
  try {
    await cluster.ended(cluster.firstExecution);
    const followed = await followDns(cluster, (addresses) => void load?.aim(of(addresses)));
    load = await startLoad({ target: of(followed.addresses()), everyMs });
    const began = performance.now();
    const end = await cluster.ended(await start(cluster));
    const seconds = (performance.now() - began) / 1000;
    if (end.status !== 'SUCCEEDED') throw new Error(`the operation ${end.status}: ${end.error}: ${end.cause}`);
    const result = await load.stop();
    followed.stop();
    const [first] = await cluster.home.instances();
    return { ...result, seconds, lost: await lostAt(first?.address ?? '', etcd, result.acknowledged) };
  } finally {
    await cluster.close();
  }
}

export const resultColumns = ['failed / offered', 'longest gap (ms)', 'lost', 'seconds'];

/** One line of a table in Markdown, whose first cells are given. */
export function printResult(cells: readonly (string | number)[], result: OperationResult): void {
  const { failed, offered, longestGapMs, lost, seconds } = result;
  const figures = [`${failed} / ${offered}`, longestGapMs.toFixed(0), lost, seconds.toFixed(1)];
  process.stdout.write(`| ${[...cells, ...figures].join(' | ')} |\n`);
}

export function printHeader(columns: readonly string[]): void {
  process.stdout.write(`\n| ${columns.join(' | ')} |\n|${'---|'.repeat(columns.length)}\n`);
}
