/** All that a deployment carries: the agent, and every Lambda by its name. */
import { catalogue } from '../tasks/catalogue.ts';
import { type AgentBundle, bundleAgent, bundleTasks } from './bundle.ts';
import { certificateTasks } from './certificates.ts';
import { deploymentTasks } from './deployment.ts';

export interface Bundles {
  readonly agent: AgentBundle;
  /** Name -> folder. */
  readonly functions: Readonly<Record<string, string>>;
}

/** @param folder where they are written, or are already */
export function bundlesIn(folder: string): Bundles {
  const entries = Object.fromEntries(Object.entries(catalogue).map(([name, { entry }]) => [name, entry]));
  const functions = bundleTasks(folder, { ...entries, ...deploymentTasks, ...certificateTasks });
  return { agent: bundleAgent(folder), functions };
}
