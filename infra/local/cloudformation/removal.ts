/**
 * Deletes stacks, and resources that a stack has no more. Where a deletion fails, what the resource needs stays too, and
 * everything else goes; the stack is left with what is left of it, and can be deleted again but not updated (AWS: DELETE_FAILED).
 */
import type { HomeContext } from '../wire/service.ts';
import { inOrder } from './order.ts';
import type { Providers } from './provider.ts';
import { made, resourceTable, retain, type StoredResource } from './resources.ts';
import { forgetStack, noteStack, refuseDeletion } from './stacks.ts';

/** A retained one is only forgotten. @throws Error where it cannot be deleted; the stack then still has it. */
export async function removeResource(context: HomeContext, resource: StoredResource, providers: Providers) {
  const { stackName, logicalId, type, retained } = resource;
  if (retained) retain(context, resource);
  else {
    await providers[type]?.delete?.(resource, resource);
    context.log(`${logicalId} (${type}): deleted`);
  }
  resourceTable(context).delete(`${stackName}/${logicalId}`);
}

/**
 * In the opposite order of creation.
 * @throws Error where the stack is protected, or naming the resources that failed to delete, and why.
 */
export async function removeStack(context: HomeContext, stackName: string, providers: Providers): Promise<void> {
  refuseDeletion(context, stackName);
  const own = made(context).filter((resource) => resource.stackName === stackName);
  const resources = new Map(own.map((resource) => [resource.logicalId, resource]));
  const needs = (logicalId: string) => resources.get(logicalId)?.dependsOn ?? [];
  const needed = new Set<string>();
  const failures: string[] = [];
  for (const logicalId of inOrder([...resources.keys()], needs).reverse()) {
    const resource = resources.get(logicalId);
    if (resource === undefined) continue;
    if (!needed.has(logicalId)) {
      try {
        await removeResource(context, resource, providers);
        continue;
      } catch (error) {
        const failure = `${logicalId} (${resource.type}): ${(error as Error).message}`;
        context.log(`failed to delete ${failure}`);
        failures.push(failure);
      }
    }
    for (const id of needs(logicalId)) needed.add(id);
  }
  if (failures.length === 0) return forgetStack(context, stackName);
  noteStack(context, stackName, { deletionFailed: true });
  throw new Error(`${stackName}: failed to delete: ${failures.join('; ')}`);
}
