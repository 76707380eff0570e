/** What a RollingUpgrade execution may be given: checked by its first task, and by whoever starts one. Pure. */
import { Fault } from '#etcd/faults.ts';
import { isSupported, minors } from '#etcd/versions.ts';
import type { CheckedUpgrade } from '../catalogue.ts';
import type { Refusal } from './rotationRequest.ts';

/** The smallest request. */
export const exampleUpgrade = { to: '3.6.16' } as const;

const longestPauseSeconds = 86_400;
const fields = [
  'to',
  'action',
  'strategy',
  'dryRun',
  'pauseBetweenMembersSeconds',
  'pauseBetweenHops',
  'v2Keys',
] as const;
const actions = ['upgrade', 'resume', 'rollBack', 'abandon'] as const;

/** @throws Fault `InvalidInput`, naming the field and what is allowed */
export function checkUpgradeInput(input: unknown): CheckedUpgrade {
  const refusal = upgradeRefusal(input);
  if (refusal !== null) throw new Fault('InvalidInput', `${refusal.field} ${refusal.message}`);
  const asked = input as Partial<CheckedUpgrade>;
  return {
    action: asked.action ?? 'upgrade',
    to: asked.to ?? '',
    strategy: asked.strategy ?? 'inPlace',
    dryRun: asked.dryRun ?? false,
    pauseBetweenMembersSeconds: asked.pauseBetweenMembersSeconds ?? 0,
    pauseBetweenHops: asked.pauseBetweenHops ?? false,
    v2Keys: asked.v2Keys ?? 'keep',
  };
}

/** The first thing that is wrong with a request; null where nothing is. */
export function upgradeRefusal(input: unknown): Refusal | null {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    return { field: 'input', message: `must be an object, such as ${JSON.stringify(exampleUpgrade)}` };
  const request = input as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(request).find((field) => !fields.some((known) => known === field));
  if (unknown !== undefined)
    return { field: unknown, message: `is an unknown field; RollingUpgrade takes ${fields.join(', ')}` };
  for (const field of fields) {
    const message = checks[field](request[field], request);
    if (message !== null) return { field, message };
  }
  return null;
}

type Check = (value: unknown, request: Readonly<Record<string, unknown>>) => string | null;

const oneOf =
  (allowed: readonly string[]): Check =>
  (value) =>
    value === undefined || allowed.some((one) => one === value)
      ? null
      : `must be ${allowed.map((one) => `"${one}"`).join(' or ')}`;
const flag: Check = (value) => (value === undefined || typeof value === 'boolean' ? null : 'must be true or false');

const checks: Readonly<Record<(typeof fields)[number], Check>> = {
  to(value, { action = 'upgrade' }) {
    if (action !== 'upgrade')
      return value === undefined ? null : `does not go with the action ${JSON.stringify(action)}, which knows it`;
    if (value === undefined) return `is missing; say which etcd to go to, such as ${JSON.stringify(exampleUpgrade.to)}`;
    if (typeof value === 'string' && isSupported(value)) return null;
    return `must be a version X.Y.Z of a minor from ${minors[0]} to ${minors.at(-1)}, such as "3.6.16"`;
  },
  action: oneOf(actions),
  strategy: oneOf(['inPlace', 'replace']),
  dryRun: flag,
  pauseBetweenMembersSeconds(value) {
    if (value === undefined) return null;
    const fits = Number.isInteger(value) && Number(value) >= 0 && Number(value) <= longestPauseSeconds;
    return fits ? null : `must be a whole number from 0 to ${longestPauseSeconds}`;
  },
  pauseBetweenHops: flag,
  v2Keys: oneOf(['keep', 'delete']),
};
