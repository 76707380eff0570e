import { readBootstrap } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { recordState } from '../plan/recordState.ts';

/** What the cluster record says already. */
export async function handler(): Promise<Tasks['readClusterRecord']['output']> {
  return recordState(await readBootstrap());
}
