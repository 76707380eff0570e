/** The certificates of a cluster's agents. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TlsIdentity } from '../../agent/machine/http.ts';
import { layoutBelow } from '../../agent/machine/layout.ts';
import type { TestCluster } from './cluster.ts';

/** As the agent of this instance asks etcd. */
export function agentIdentity({ folder }: Pick<TestCluster, 'folder'>, instanceId: string): TlsIdentity {
  const { tls } = layoutBelow(join(folder, 'instances', instanceId));
  const read = (name: string) => readFileSync(join(tls, name), 'utf8');
  return { certificate: read('client.crt'), key: read('client.key'), authorities: read('trusted.crt') };
}
