/** The order in which things that need each other are made. Pure. */
import type { Template } from './assembly.ts';
import { referencesIn } from './intrinsics.ts';

/** Each resource after all that it refers to or depends on; otherwise as the template has them. @throws Error for a circle. */
export function creationOrder(template: Template): readonly string[] {
  return inOrder(Object.keys(template.Resources), (name) => dependencies(name, template));
}

/** Each after all that it needs, which may be none of the names; otherwise as they are given. @throws Error for a circle. */
export function inOrder(names: readonly string[], needs: (name: string) => Iterable<string>): string[] {
  const order: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const visit = (name: string, path: readonly string[]): void => {
    if (state.get(name) === 'done') return;
    if (state.get(name) === 'open') throw new Error(`circular dependency: ${[...path, name].join(' -> ')}`);
    state.set(name, 'open');
    for (const needed of needs(name)) visit(needed, [...path, name]);
    state.set(name, 'done');
    order.push(name);
  };
  for (const name of names) visit(name, []);
  return order;
}

/** What a resource refers to or depends on. */
export function dependencies(name: string, template: Template): Set<string> {
  const resource = template.Resources[name];
  const explicit = [resource?.DependsOn ?? []].flat().filter((other) => Object.hasOwn(template.Resources, other));
  return new Set([...explicit, ...referencesIn(resource?.Properties, template)]);
}
