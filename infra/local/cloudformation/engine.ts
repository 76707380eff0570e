/**
 * Deploys a stack of an assembly: makes what is missing in dependency order, updates what changed, removes what is gone
 * and not to be retained.
 * What it does not do: roll back (a failed deployment stops where it is and goes on from there the next time), replacements,
 * stack policies, exports, drift detection.
 */
import { isDeepStrictEqual } from 'node:util';
import type { HomeContext } from '../wire/service.ts';
import type { Resource, Stack, Template } from './assembly.ts';
import { condition, evaluate, type Scope } from './intrinsics.ts';
import { creationOrder, dependencies } from './order.ts';
import type { Provider, Providers } from './provider.ts';
import { removeResource } from './removal.ts';
import { resourceTable, type StoredResource } from './resources.ts';
import { noteStack, refuseUpdate, stackId } from './stacks.ts';

export interface EngineOptions {
  readonly providers: Providers;
  readonly zones: readonly string[];
  /** The value of an SSM parameter, for template parameters of that type. */
  readonly parameterValue: (name: string) => string;
  /** After each resource that was made. */
  readonly made?: (type: string, physicalId: string) => Promise<void>;
}

/**
 * @returns the stack's outputs
 * @throws Error, before anything is made, where the template has resource types that this home does not have, or where a deletion of the stack
 * has failed.
 */
export async function deployStack(
  context: HomeContext,
  stack: Stack,
  options: EngineOptions,
): Promise<Record<string, string>> {
  const { template } = stack;
  refuseUpdate(context, stack.name);
  const table = resourceTable(context);
  const key = (logicalId: string) => `${stack.name}/${logicalId}`;
  const scope = scopeOf(context, stack, options, (logicalId) => table.get(key(logicalId)));
  const wanted = creationOrder(template).filter((logicalId) => included(template.Resources[logicalId], scope));
  refuseUnknownTypes(template, wanted, options.providers);
  // The CDK sets it before it executes a change set, and whether or not that changes anything.
  noteStack(context, stack.name, { terminationProtection: stack.terminationProtection });
  for (const logicalId of wanted) {
    const resource = template.Resources[logicalId] as Resource;
    const rules = {
      dependsOn: [...dependencies(logicalId, template)],
      retained: /^Retain/.test(resource.DeletionPolicy ?? ''),
    };
    await deployResource(stack.name, logicalId, resource, scope, options, {
      existing: table.get(key(logicalId)),
      save: (made) => table.put(key(logicalId), { ...made, ...rules }),
      log: context.log,
    });
  }
  for (const gone of table
    .all()
    .filter((one) => one.stackName === stack.name && !wanted.includes(one.logicalId))
    .reverse()) {
    await removeResource(context, gone, options.providers);
  }
  return outputsOf(template, scope);
}

interface Slot {
  readonly existing: StoredResource | null;
  save(resource: StoredResource): void;
  readonly log: (line: string) => void;
}

async function deployResource(
  stackName: string,
  logicalId: string,
  { Type: type, Properties = {} }: Resource,
  scope: Scope,
  options: EngineOptions,
  slot: Slot,
): Promise<void> {
  const provider = options.providers[type] as Provider;
  // The stored properties went through JSON, so the wanted ones are compared in the same form.
  const properties = JSON.parse(JSON.stringify(evaluate(Properties, scope)));
  const request = { stackName, logicalId, type, properties };
  const { existing } = slot;
  try {
    if (existing === null) {
      const made = await provider.create(request);
      slot.save({ ...request, ...made });
      slot.log(`${logicalId} (${type}): ${made.physicalId}`);
      await options.made?.(type, made.physicalId);
    } else if (!isDeepStrictEqual(existing.properties, properties)) {
      if (provider.update === undefined)
        throw new Error('its properties changed, and this home cannot update it; start over with --fresh');
      const { physicalId, attributes } = await provider.update(request, existing);
      slot.save({ ...request, physicalId, attributes });
      slot.log(`${logicalId} (${type}): updated`);
    } else slot.save(existing);
  } catch (error) {
    throw new Error(`${logicalId} (${type}): ${(error as Error).message}`, { cause: error });
  }
}

function included(resource: Resource | undefined, scope: Scope): boolean {
  return resource?.Condition === undefined || condition(resource.Condition, scope);
}

function refuseUnknownTypes(template: Template, wanted: readonly string[], providers: Providers): void {
  const unknown = wanted.filter((logicalId) => !Object.hasOwn(providers, template.Resources[logicalId]?.Type ?? ''));
  if (unknown.length === 0) return;
  const list = unknown.map((logicalId) => `${template.Resources[logicalId]?.Type} (${logicalId})`).join(', ');
  throw new Error(`the template has resources that this home does not make: ${list}`);
}

function scopeOf(
  context: HomeContext,
  { name, template }: Stack,
  options: EngineOptions,
  look: (logicalId: string) => StoredResource | null,
): Scope {
  const made = (logicalId: string): StoredResource => {
    const resource = look(logicalId);
    if (resource === null) throw new Error(`${logicalId} is not made yet`);
    return resource;
  };
  return {
    template,
    zones: options.zones,
    pseudo: {
      'AWS::Region': context.region,
      'AWS::AccountId': context.account,
      'AWS::Partition': 'aws',
      'AWS::URLSuffix': 'amazonaws.com',
      'AWS::StackName': name,
      'AWS::StackId': stackId(context, name),
    },
    parameters: parametersOf(template, options.parameterValue),
    reference: (logicalId) => made(logicalId).physicalId,
    attribute(logicalId, attribute) {
      const { attributes, type } = made(logicalId);
      if (Object.hasOwn(attributes, attribute)) return attributes[attribute];
      throw new Error(`${logicalId} (${type}) has no attribute ${attribute} in this home`);
    },
  };
}

function parametersOf(template: Template, parameterValue: (name: string) => string): Record<string, string> {
  const entries = Object.entries(template.Parameters ?? {}).map(([name, { Type, Default = '' }]) => {
    // The CDK's own check of the bootstrap stack's version has no meaning here.
    const fromStore = Type.startsWith('AWS::SSM::Parameter::Value') && name !== 'BootstrapVersion';
    return [name, fromStore ? parameterValue(Default) : Default];
  });
  return Object.fromEntries(entries);
}

function outputsOf(template: Template, scope: Scope): Record<string, string> {
  const entries = Object.entries(template.Outputs ?? {})
    .filter(([, { Condition }]) => Condition === undefined || condition(Condition, scope))
    .map(([name, { Value }]) => [name, String(evaluate(Value, scope))]);
  return Object.fromEntries(entries);
}
