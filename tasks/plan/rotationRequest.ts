/** What a RotateInstances execution may be given: checked by its first task, and by the page before it starts one. Pure. */
import { Fault } from '#etcd/faults.ts';
import { type Check, flag, pauseSeconds, type Refusal, requestRefusal } from './requestRefusal.ts';

export interface RotationRequest {
  readonly reason: string;
  readonly instances: 'all' | readonly string[];
  readonly pauseBetweenSeconds: number;
  readonly dryRun: boolean;
}

/** The smallest request. */
export const exampleRotation = { reason: 'new machine image' } as const;

const longestReason = 256;
const mostInstances = 15;

/** @throws Fault `InvalidInput`, naming the field and what is allowed */
export function checkRotationInput(input: unknown): RotationRequest {
  const refusal = rotationRefusal(input);
  if (refusal !== null) throw new Fault('InvalidInput', `${refusal.field} ${refusal.message}`);
  const { reason, instances = 'all', pauseBetweenSeconds = 0, dryRun = false } = input as Partial<RotationRequest>;
  return { reason: (reason ?? '').trim(), instances, pauseBetweenSeconds, dryRun };
}

const checks: Readonly<Record<keyof RotationRequest, Check>> = {
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
  pauseBetweenSeconds: pauseSeconds,
  dryRun: flag,
};

/** The first thing that is wrong with a request; null where nothing is. */
export function rotationRefusal(input: unknown): Refusal | null {
  return requestRefusal(input, 'RotateInstances', exampleRotation, checks);
}
