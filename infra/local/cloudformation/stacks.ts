/** What a region knows of its stacks besides what they have made. */
import { type Documents, documents } from '../wire/documents.ts';
import type { HomeContext } from '../wire/service.ts';

interface StackState {
  readonly terminationProtection: boolean;
  /** Whether its last deletion has failed (AWS: DELETE_FAILED): it can be deleted again, and nothing else. */
  readonly deletionFailed: boolean;
}

const asMade: StackState = { terminationProtection: false, deletionFailed: false };

function stateTable({ database }: Pick<HomeContext, 'database'>): Documents<StackState> {
  return documents(database, 'cloudformation_stacks');
}

/** What is not given stays as it is. */
export function noteStack(context: HomeContext, name: string, change: Partial<StackState>): void {
  const table = stateTable(context);
  table.put(name, { ...asMade, ...table.get(name), ...change });
}

export function forgetStack(context: HomeContext, name: string): void {
  stateTable(context).delete(name);
}

/** @throws Error in CloudFormation's words, where a deletion of the stack has failed */
export function refuseUpdate(context: HomeContext, name: string): void {
  if (stateTable(context).get(name)?.deletionFailed !== true) return;
  throw new Error(`Stack:${stackId(context, name)} is in DELETE_FAILED state and can not be updated.`);
}

/** @throws Error in CloudFormation's words, before anything is deleted, where the stack is protected */
export function refuseDeletion(context: HomeContext, name: string): void {
  if (stateTable(context).get(name)?.terminationProtection === true)
    throw new Error(`Stack [${name}] cannot be deleted while TerminationProtection is enabled`);
}

export function stackId({ region, account }: Pick<HomeContext, 'region' | 'account'>, name: string): string {
  return `arn:aws:cloudformation:${region}:${account}:stack/${name}/local`;
}
