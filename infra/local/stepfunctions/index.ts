/**
 * AWS Step Functions for one home: standard workflows in JSONPath, durable in the home's database.
 *
 * What it does not do: JSONata and variables; distributed maps (readers, batchers, writers, tolerated failures); express
 * workflows; activities; versions, aliases and redrives; other integrations than `lambda:invoke` (also with a task token),
 * plain Lambda ARNs and `states:startExecution` (also `.sync:2`); JSONPath with `..`, filters or functions. Definitions
 * that use any of these are refused by state and field. Logging and tracing configurations are kept, not acted upon.
 * Executions outlive a deleted machine. A function that is called when the process dies is
 * called again at the next start (at least once, as AWS has it for retried requests).
 */
import type { Authorize, HomeContext, Service } from '../wire/service.ts';
import { Engine, type InvokeLambda } from './engine.ts';
import { executionOperations } from './executionOperations.ts';
import { machineOperations } from './machineOperations.ts';
import { tokenOperations } from './tokenOperations.ts';

export type { Invocation, InvokeLambda } from './engine.ts';

/** Between `start` and `stop` executions move on; the operations want it started. */
export interface StepFunctions extends Service {
  start(): void;
  /** Leaves running executions as they are: the next `start`, here or in another process, takes them up. */
  stop(): Promise<void>;
}

export function createStepFunctions(
  context: HomeContext,
  deps: { readonly invokeLambda: InvokeLambda; readonly authorize: Authorize },
): StepFunctions {
  const engine = new Engine(context, deps);
  return {
    name: 'states',
    operations: {
      ...machineOperations(context, engine),
      ...executionOperations(engine),
      ...tokenOperations(engine),
    },
    start: () => engine.start(),
    stop: () => engine.stop(),
  };
}
