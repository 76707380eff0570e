/** Clients of a cluster that know its SRV name and nothing else, and what may be lost of what they ask. */
import { expect } from '@jest/globals';
import type { TestCluster } from './cluster.ts';
import { followDns } from './dns.ts';
import { startRegisters } from './registers.ts';

export interface ClientOptions {
  /** Whose API they speak, X.Y.Z. */
  readonly etcd: string;
  readonly everyMs?: number;
  /** Of the operations, the part that may fail. */
  readonly mostLost: number;
}

/** `wereServed` ends them: their history is linearizable, and not more was lost than may be. */
export async function startClients(
  cluster: TestCluster,
  { etcd, everyMs, mostLost }: ClientOptions,
): Promise<{ wereServed(): Promise<void> }> {
  const { addresses, stop } = await followDns(cluster);
  const registers = startRegisters({ cluster, etcd, addresses, ...(everyMs !== undefined && { everyMs }) });
  return {
    async wereServed() {
      stop();
      const { conflicts, counts } = await registers.stop(await cluster.members());
      expect(conflicts).toEqual([]);
      expect((counts.unknown + counts.failed) / counts.ok).toBeLessThan(mostLost);
    },
  };
}

/** A member that stops loses what it has in hand, and up to 3.0 so does the election that follows the leader's step. */
export const underUpgrade = (etcd: string): ClientOptions => ({
  etcd,
  everyMs: 25,
  mostLost: etcd.startsWith('2.') ? 0.15 : 0.05,
});

/** 100 operations a second. Before 3.0 leadership cannot be handed over, so an election is in the way. */
export const underRotation = (etcd: string): ClientOptions => ({ etcd, mostLost: etcd.startsWith('2.') ? 0.1 : 0.02 });
