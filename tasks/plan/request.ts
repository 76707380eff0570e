/** What a ClusterBootstrap execution may be given. Pure. */
import { Fault } from '#etcd/faults.ts';

/**
 * Checks an execution's input: `{ "cluster": "NAME" }`, the name being the one of this stack.
 * @throws Fault `InvalidInput`, naming the field and what is allowed.
 */
export function checkBootstrapInput(input: unknown, cluster: string): { readonly cluster: string } {
  const allowed = `allowed: {"cluster": "${cluster}"}`;
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new Fault('InvalidInput', `the input is ${describe(input)}, not an object; ${allowed}`);
  }
  const surplus = Object.keys(input).filter((field) => field !== 'cluster');
  if (surplus.length > 0)
    throw new Fault('InvalidInput', `the input has unknown fields: ${surplus.join(', ')}; ${allowed}`);
  if (!('cluster' in input)) throw new Fault('InvalidInput', `the input lacks the field cluster; ${allowed}`);
  if (typeof input.cluster !== 'string')
    throw new Fault('InvalidInput', `cluster is ${describe(input.cluster)}, not a name; ${allowed}`);
  if (input.cluster !== cluster)
    throw new Fault('InvalidInput', `cluster is '${input.cluster}', which is not this stack's; ${allowed}`);
  return { cluster };
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return value === null ? 'null' : typeof value === 'object' ? 'an object' : JSON.stringify(value);
}
