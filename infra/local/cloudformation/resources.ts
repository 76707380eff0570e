/** What stacks have made, one document each. */
import { type Documents, documents } from '../wire/documents.ts';
import type { HomeContext } from '../wire/service.ts';
import type { Existing } from './provider.ts';

export interface StoredResource extends Existing {
  readonly stackName: string;
  readonly logicalId: string;
  readonly type: string;
  /** Logical ids of what it refers to or depends on; absent where it was made before that was kept. */
  readonly dependsOn?: readonly string[];
  /** Its deletion policy says that it stays when the stack lets go of it. */
  readonly retained?: boolean;
}

/** By `STACK/LOGICALID`. */
export function resourceTable(context: HomeContext): Documents<StoredResource> {
  return documents<StoredResource>(context.database, 'cloudformation_resources');
}

/** What stacks of the context's region have made, at whatever deployment. */
export function made(context: HomeContext): readonly StoredResource[] {
  return resourceTable(context).all();
}

/** What no stack has any more and is there still, by type and physical id. */
function retainedTable({ database }: Pick<HomeContext, 'database'>): Documents<{ readonly type: string }> {
  return documents(database, 'cloudformation_retained');
}

const identity = (type: string, physicalId: string) => `${type} ${physicalId}`;

/** A stack lets go of a resource that stays. */
export function retain(context: HomeContext, { logicalId, type, physicalId }: StoredResource): void {
  context.log(`${logicalId} (${type}): ${physicalId} is retained`);
  retainedTable(context).put(identity(type, physicalId), { type });
}

/**
 * Before a resource of a name of its own is made. One that a broken deployment left is none of those that are retained.
 * @param isThere whether there is something of this name
 * @throws Error in CloudFormation's words where a stack has left it behind
 */
export function refuseRetained(context: HomeContext, type: string, physicalId: string, isThere: boolean): void {
  const table = retainedTable(context);
  if (isThere && table.get(identity(type, physicalId)) !== null)
    throw new Error(`Resource of type '${type}' with identifier '${physicalId}' already exists.`);
  table.delete(identity(type, physicalId));
}
