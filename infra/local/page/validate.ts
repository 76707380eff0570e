/** What the form may send: checked in the browser before sending and by the server again. Pure. */
import { authorityRefusal, exampleAuthorityRotation } from '../../../tasks/plan/authorityRequest.ts';
import { exampleMigration, migrationRefusal } from '../../../tasks/plan/migrationRequest.ts';
import { exampleRegionChange, regionChangeRefusal } from '../../../tasks/plan/regionRequest.ts';
import type { Refusal } from '../../../tasks/plan/requestRefusal.ts';
import { exampleRotation, rotationRefusal } from '../../../tasks/plan/rotationRequest.ts';
import { exampleUpgrade, upgradeRefusal } from '../../../tasks/plan/upgradeRequest.ts';
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
  const machine = machineName(stateMachineArn);
  const starter = startedBy(machine);
  if (starter !== null) return refuse('stateMachineArn', `${machine} is started by ${starter}: start that instead`);
  const checked = validateInput(machine, input);
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

interface KnownMachine {
  /** Part of its name. */
  readonly named: string;
  /** In short, for refusals. */
  readonly example: object;
  /** What the form starts from, where it is another. */
  readonly start?: (cluster: string) => object;
  readonly refusal: (fields: Readonly<Record<string, unknown>>) => Refusal | null;
  /** The machine that starts it; absent where operators do. */
  readonly startedBy?: string;
}

const knownMachines: readonly KnownMachine[] = [
  {
    named: 'ClusterBootstrap',
    example: { cluster: 'etcd' },
    start: (cluster) => ({ cluster }),
    refusal: bootstrapRefusal,
  },
  {
    named: 'RotateInstances',
    example: exampleRotation,
    // Without a reason, so that whoever starts it has to give one.
    start: () => ({ reason: '', instances: 'all', dryRun: false }),
    refusal: rotationRefusal,
  },
  {
    named: 'RollingUpgrade',
    example: exampleUpgrade,
    // Nor does anybody go somewhere by a click alone.
    start: () => ({ to: '' }),
    refusal: upgradeRefusal,
  },
  {
    named: 'MigrateToTls',
    example: exampleMigration,
    start: () => ({ to: '' }),
    refusal: migrationRefusal,
  },
  {
    named: 'MultiregionMigration',
    example: exampleRegionChange,
    start: () => ({ addRegion: '', homeMembers: 4, remoteMembers: 1, dryRun: true }),
    refusal: regionChangeRefusal,
  },
  { named: 'RotateCertificateAuthority', example: exampleAuthorityRotation, refusal: authorityRefusal },
  {
    named: 'ReconfigureMembers',
    example: {},
    refusal: () => null,
    startedBy: 'MigrateToTls or RotateCertificateAuthority',
  },
  { named: 'UpgradeHop', example: {}, refusal: () => null, startedBy: 'RollingUpgrade' },
];

/** Of a machine that the page does not know, the input may be any object. */
const another: KnownMachine = { named: '', example: { cluster: 'etcd' }, start: () => ({}), refusal: () => null };

function known(machine: string): KnownMachine {
  return knownMachines.find(({ named }) => machine.includes(named)) ?? another;
}

/** @param machine the state machine's name */
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
  const refusal = known(machine).refusal(fields);
  return refusal === null ? { ok: true, value: fields } : refuse(`input.${refusal.field}`, refusal.message);
}

/** The input that the form starts from. */
export function exampleInput(machine: string, cluster: string): string {
  const { start, example } = known(machine);
  return JSON.stringify(start?.(cluster) ?? example, null, 2);
}

/** Name of the machine that starts it, by which operators go; null where they start it themselves. */
export function startedBy(machine: string): string | null {
  return known(machine).startedBy ?? null;
}

export function machineName(stateMachineArn: string): string {
  return stateMachineArn.split(':').at(-1) ?? '';
}

function shortExample(machine: string): string {
  return JSON.stringify(known(machine).example);
}

function bootstrapRefusal(fields: Readonly<Record<string, unknown>>): Refusal | null {
  const unknown = Object.keys(fields).find((key) => key !== 'cluster');
  if (unknown !== undefined) return { field: unknown, message: 'unknown field; ClusterBootstrap takes only "cluster"' };
  const { cluster } = fields;
  if (cluster === undefined) return { field: 'cluster', message: 'is missing; name the cluster, such as "etcd"' };
  if (typeof cluster === 'string' && clusterName.test(cluster)) return null;
  const message = 'must be 1 to 31 lower-case letters, digits and hyphens, starting with a letter';
  return { field: 'cluster', message };
}

function notJson(machine: string, text: string): string {
  const fault = jsonFault(text);
  if (text.trim() === '' || fault === null) return `is empty; write a JSON object, such as ${shortExample(machine)}`;
  return `is not JSON, line ${fault.line}, column ${fault.column}: ${fault.found}`;
}

function refuse(field: string, message: string): { ok: false; field: string; message: string } {
  return { ok: false, field, message };
}
