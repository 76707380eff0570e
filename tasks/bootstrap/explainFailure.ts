import type { Tasks } from '../catalogue.ts';
import { explain } from '../plan/explanation.ts';

/** Turns what was caught into the fault, the member and the runbook heading that the execution ends with. */
export async function handler({
  failure,
}: Tasks['explainFailure']['input']): Promise<Tasks['explainFailure']['output']> {
  return explain(failure);
}
