/** What a RollingUpgrade execution may be given: checked by its first task, and by whoever starts one. Pure. */
import { Fault } from '#etcd/faults.ts';
import { isSupported, minors } from '#etcd/versions.ts';
import type { CheckedUpgrade } from '../catalogue.ts';
import { type Check, flag, oneOf, pauseSeconds, type Refusal, requestRefusal } from './requestRefusal.ts';

/** The smallest request. */
export const exampleUpgrade = { to: '3.6.16' } as const;

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

const checks: Readonly<Record<keyof CheckedUpgrade, Check>> = {
  to(value, { action = 'upgrade' }) {
    if (action !== 'upgrade')
      return value === undefined ? null : `does not go with the action ${JSON.stringify(action)}, which knows it`;
    if (value === undefined) return `is missing; say which etcd to go to, such as ${JSON.stringify(exampleUpgrade.to)}`;
    if (typeof value === 'string' && isSupported(value)) return null;
    return `must be a version X.Y.Z of a minor from ${minors[0]} to ${minors.at(-1)}, such as "3.6.16"`;
  },
  action: oneOf('upgrade', 'resume', 'rollBack', 'abandon'),
  strategy: oneOf('inPlace', 'replace'),
  dryRun: flag,
  pauseBetweenMembersSeconds: pauseSeconds,
  pauseBetweenHops: flag,
  v2Keys: oneOf('keep', 'delete'),
};

/** The first thing that is wrong with a request; null where nothing is. */
export function upgradeRefusal(input: unknown): Refusal | null {
  return requestRefusal(input, 'RollingUpgrade', exampleUpgrade, checks);
}
