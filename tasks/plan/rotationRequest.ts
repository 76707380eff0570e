/** What a RotateInstances execution may be given: checked by its first task, and by the page before it starts one. Pure. */
import { Fault } from '#etcd/faults.ts';

export interface RotationRequest {
  readonly reason: string;
  readonly instances: 'all' | readonly string[];
  readonly pauseBetweenSeconds: number;
  readonly dryRun: boolean;
}

export interface Refusal {
  readonly field: string;
  /** Goes after the field's name. */
  readonly message: string;
}

/** The smallest request. */
export const exampleRotation = { reason: 'new machine image' } as const;

const longestReason = 256;
const mostInstances = 15;
const longestPauseSeconds = 86_400;
const fields = ['reason', 'instances', 'pauseBetweenSeconds', 'dryRun'] as const;

/** @throws Fault `InvalidInput`, naming the field and what is allowed */
export function checkRotationInput(input: unknown): RotationRequest {
  const refusal = rotationRefusal(input);
  if (refusal !== null) throw new Fault('InvalidInput', `${refusal.field} ${refusal.message}`);
  const { reason, instances = 'all', pauseBetweenSeconds = 0, dryRun = false } = input as Partial<RotationRequest>;
  return { reason: (reason ?? '').trim(), instances, pauseBetweenSeconds, dryRun };
}

/** The first thing that is wrong with a request; null where nothing is. */
export function rotationRefusal(input: unknown): Refusal | null {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    return { field: 'input', message: `must be an object, such as ${JSON.stringify(exampleRotation)}` };
  const request = input as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(request).find((field) => !fields.some((known) => known === field));
  if (unknown !== undefined)
    return { field: unknown, message: `is an unknown field; RotateInstances takes ${fields.join(', ')}` };
  const found = fields.map((field) => ({ field, message: checks[field](request[field]) }));
  const first = found.find(({ message }) => message !== null);
  return first === undefined ? null : { field: first.field, message: first.message ?? '' };
}

const checks: Readonly<Record<(typeof fields)[number], (value: unknown) => string | null>> = {
  reason(value) {
    if (value === undefined) return 'is missing; say why the instances are replaced';
    const fits = typeof value === 'string' && value.trim() !== '' && value.length <= longestReason;
    return fits ? null : `must be a text of 1 to ${longestReason} characters`;
  },
  instances(value) {
    if (value === undefined || value === 'all') return null;
    const allowed = `must be "all" or a list of 1 to ${mostInstances} different instance ids, such as ["i-0123456789abcdef0"]`;
    if (!Array.isArray(value) || value.length === 0 || value.length > mostInstances) return allowed;
    const wrong = value.find((id) => typeof id !== 'string' || !/^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id));
    if (wrong !== undefined) return `${allowed}; ${JSON.stringify(wrong)} is none`;
    return new Set(value).size === value.length ? null : allowed;
  },
  pauseBetweenSeconds(value) {
    if (value === undefined) return null;
    const fits = Number.isInteger(value) && Number(value) >= 0 && Number(value) <= longestPauseSeconds;
    return fits ? null : `must be a whole number from 0 to ${longestPauseSeconds}`;
  },
  dryRun: (value) => (value === undefined || typeof value === 'boolean' ? null : 'must be true or false'),
};
