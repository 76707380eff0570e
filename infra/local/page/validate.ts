/** What the form may send: checked in the browser before sending and by the server again. Pure. */
import { exampleRotation, rotationRefusal } from '../../../tasks/plan/rotationRequest.ts';
import { jsonFault } from './json.ts';

export type Validated<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly field: string; readonly message: string };

export interface StartRequest {
  readonly stateMachineArn: string;
  /** JSON text of an object. */
  readonly input: string;
  /** Execution name; Step Functions makes one up where it is absent. */
  readonly name?: string;
}

/** Characters that StartExecution refuses in a name: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html */
// biome-ignore lint/suspicious/noControlCharactersInRegex: AWS refuses them
const refusedInNames = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f]/;
const clusterName = /^[a-z][a-z0-9-]{0,30}$/;
/** Step Functions' limit on an execution's input, in bytes of UTF-8. */
export const inputLimit = 262_144;

/** Checks a whole form; `field` of a refusal is `stateMachineArn`, `name`, `input`, or `input.FIELD`. */
export function validateStart(request: Readonly<Record<string, unknown>>): Validated<StartRequest> {
  const unknown = Object.keys(request).find((key) => !['stateMachineArn', 'input', 'name'].includes(key));
  if (unknown !== undefined) return refuse(unknown, `unknown field; a start has stateMachineArn, input and name`);
  const { stateMachineArn, input, name } = request;
  if (
    typeof stateMachineArn !== 'string' ||
    !/^arn:[^:]+:states:[^:]+:\d{12}:stateMachine:\S+$/.test(stateMachineArn)
  ) {
    return refuse('stateMachineArn', 'must be the ARN of a state machine');
  }
  if (typeof input !== 'string') return refuse('input', 'must be a string with the JSON text of the input');
  const checked = validateInput(machineName(stateMachineArn), input);
  if (!checked.ok) return checked;
  if (name === undefined || name === '') return { ok: true, value: { stateMachineArn, input } };
  const named = validateName(name);
  return named.ok ? { ok: true, value: { stateMachineArn, input, name: named.value } } : named;
}

/** An execution's name: 1 to 80 characters, none of those that AWS refuses. */
export function validateName(name: unknown): Validated<string> {
  if (typeof name !== 'string') return refuse('name', 'must be a string');
  if (name.length < 1 || name.length > 80)
    return refuse('name', `must have 1 to 80 characters, this one has ${name.length}`);
  const bad = refusedInNames.exec(name);
  if (bad) return refuse('name', `must not contain ${JSON.stringify(bad[0])} (Step Functions refuses it in a name)`);
  return { ok: true, value: name };
}

/** @param machine the state machine's name: what its input may be is known here, and any object for a machine that is not */
export function validateInput(machine: string, text: string): Validated<Readonly<Record<string, unknown>>> {
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > inputLimit) return refuse('input', `has ${bytes} bytes; Step Functions takes at most ${inputLimit}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse('input', notJson(machine, text));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('input', `must be a JSON object, such as ${shortExample(machine)}`);
  }
  const fields = value as Readonly<Record<string, unknown>>;
  if (isClusterBootstrap(machine)) return validateBootstrap(fields);
  const refusal = isRotation(machine) ? rotationRefusal(fields) : null;
  return refusal === null ? { ok: true, value: fields } : refuse(`input.${refusal.field}`, refusal.message);
}

/** The input that the form starts from. */
export function exampleInput(machine: string, cluster: string): string {
  if (isClusterBootstrap(machine)) return JSON.stringify({ cluster }, null, 2);
  // Without a reason, so that whoever starts it has to give one.
  return isRotation(machine) ? JSON.stringify({ reason: '', instances: 'all', dryRun: false }, null, 2) : '{}';
}

export function machineName(stateMachineArn: string): string {
  return stateMachineArn.split(':').at(-1) ?? '';
}

function isClusterBootstrap(machine: string): boolean {
  return machine.includes('ClusterBootstrap');
}

function isRotation(machine: string): boolean {
  return machine.includes('RotateInstances');
}

function shortExample(machine: string): string {
  return isRotation(machine) ? JSON.stringify(exampleRotation) : '{"cluster": "etcd"}';
}

function validateBootstrap(fields: Readonly<Record<string, unknown>>): Validated<Readonly<Record<string, unknown>>> {
  const unknown = Object.keys(fields).find((key) => key !== 'cluster');
  if (unknown !== undefined) return refuse(`input.${unknown}`, 'unknown field; ClusterBootstrap takes only "cluster"');
  if (fields.cluster === undefined) return refuse('input.cluster', 'is missing; name the cluster, such as "etcd"');
  if (typeof fields.cluster !== 'string' || !clusterName.test(fields.cluster)) {
    return refuse('input.cluster', 'must be 1 to 31 lower-case letters, digits and hyphens, starting with a letter');
  }
  return { ok: true, value: fields };
}

function notJson(machine: string, text: string): string {
  const fault = jsonFault(text);
  if (text.trim() === '' || fault === null) return `is empty; write a JSON object, such as ${shortExample(machine)}`;
  return `is not JSON, line ${fault.line}, column ${fault.column}: ${fault.found}`;
}

function refuse(field: string, message: string): { ok: false; field: string; message: string } {
  return { ok: false, field, message };
}
