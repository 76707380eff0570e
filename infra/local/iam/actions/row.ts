/** What a row of the tables is: the requests that an operation needs to be allowed, from its input. */
import type { Context } from '../conditions.ts';
import type { AccessRequest } from '../evaluate.ts';
import type { Facts } from '../facts.ts';

// biome-ignore lint/suspicious/noExplicitAny: the wire has checked the input against the SDK's schema, as for the operation
export type Row = (input: any, facts: Facts) => readonly AccessRequest[];

export function on(action: string, resource: string, context: Context = {}): AccessRequest {
  return { action, resource, context };
}

/** Actions that know no resources. */
export function onAnything(prefix: string, ...operations: readonly string[]): Readonly<Record<string, Row>> {
  return Object.fromEntries(operations.map((name) => [name, () => [on(`${prefix}:${name}`, '*')]]));
}

/** Actions on the one resource that each operation's input names. */
export function onResource<Input>(
  prefix: string,
  resourceOf: (input: Input, facts: Facts) => string,
  ...operations: readonly string[]
): Readonly<Record<string, Row>> {
  return Object.fromEntries(
    operations.map((name) => [
      name,
      (input: Input, facts: Facts) => [on(`${prefix}:${name}`, resourceOf(input, facts))],
    ]),
  );
}
