/** Migrations as an operator starts them, and what is looked at after one. */
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import { expect } from '@jest/globals';
import type { Transport } from '#etcd/transport.ts';
import type { TestCluster } from './cluster.ts';
import { lockOf } from './rotation.ts';

export async function startMigration({ states, outputs }: TestCluster, input: unknown): Promise<string> {
  const stateMachineArn = outputs.MigrateToTlsArn ?? '';
  const { executionArn } = await states.send(
    new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
  );
  return executionArn ?? '';
}

/** Starts one and waits for its end. */
export async function migrate(
  cluster: TestCluster,
  input: unknown,
): Promise<Awaited<ReturnType<TestCluster['ended']>>> {
  return cluster.ended(await startMigration(cluster, input));
}

/** Every member serves so, is healthy and has not crashed; nobody holds the lock. */
export async function expectServing(cluster: TestCluster, transport: Transport): Promise<void> {
  for (const { status } of await cluster.members()) {
    expect([status?.transport, status?.health]).toEqual([transport, { verdict: 'healthy' }]);
    expect(status?.etcd.crashes).toBe(0);
  }
  expect((await lockOf(cluster))?.holder).toBeUndefined();
}
