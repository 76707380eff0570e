/** The order in which a template's resources are made. Pure. */
import type { Template } from './assembly.ts';
import { referencesIn } from './intrinsics.ts';

/** Each resource after all that it refers to or depends on; otherwise as the template has them. @throws Error for a circle. */
export function creationOrder(template: Template): readonly string[] {
  const order: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const visit = (name: string, path: readonly string[]): void => {
    if (state.get(name) === 'done') return;
    if (state.get(name) === 'open') throw new Error(`circular dependency: ${[...path, name].join(' -> ')}`);
    state.set(name, 'open');
    for (const needed of dependencies(name, template)) visit(needed, [...path, name]);
    state.set(name, 'done');
    order.push(name);
  };
  for (const name of Object.keys(template.Resources)) visit(name, []);
  return order;
}

function dependencies(name: string, template: Template): Set<string> {
  const resource = template.Resources[name];
  const explicit = [resource?.DependsOn ?? []].flat().filter((other) => Object.hasOwn(template.Resources, other));
  return new Set([...explicit, ...referencesIn(resource?.Properties, template)]);
}
