/** Clusters whose first execution has created them. */
import { expect } from '@jest/globals';
import { openTestCluster, type TestCluster, type TestClusterOptions } from './cluster.ts';

/** Opened, with ClusterBootstrap at its end; one that was not created is closed again, and the test fails. */
export async function createdCluster(options: TestClusterOptions): Promise<TestCluster> {
  const cluster = await openTestCluster(options);
  try {
    expect(await cluster.ended(cluster.firstExecution)).toMatchObject({ status: 'SUCCEEDED' });
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}
