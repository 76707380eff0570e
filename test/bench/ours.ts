/** The appliance, from an empty data folder to the end of ClusterBootstrap; the synth is done before. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SFNClient } from '@aws-sdk/client-sfn';
import { followExecution } from '../../infra/executions/follow.ts';
import { openHome } from '../../infra/local/home.ts';
import { deployCluster, prepareCluster } from '../../infra/local/start/deploy.ts';

/** Seconds until every member is healthy, as the execution has seen it. */
export async function bootOurs(members: number, etcd: string): Promise<number> {
  const prepared = await prepareCluster({ members, etcd });
  const folder = mkdtempSync(join(tmpdir(), 'etcd-appliance-bench-'));
  const began = performance.now();
  const home = await openHome({ folder });
  try {
    const outputs = await deployCluster(home, prepared);
    const client = { endpoint: home.endpoint, region: home.context.region, credentials: home.credentials };
    const states = new SFNClient(client);
    const changed = () => new Promise<void>((resolve) => void home.context.events.once('change', () => resolve()));
    const end = await followExecution(
      states,
      outputs.FirstExecutionArn ?? '',
      () => {},
      () => Promise.race([changed(), new Promise<void>((resolve) => setTimeout(resolve, 100))]),
    );
    states.destroy();
    if (end.status !== 'SUCCEEDED') throw new Error(`ClusterBootstrap ${end.status}: ${end.error}: ${end.cause}`);
    return (performance.now() - began) / 1000;
  } finally {
    await home.close();
    rmSync(folder, { recursive: true });
  }
}
