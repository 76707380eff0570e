/** What a RotateCertificateAuthority execution may be given: checked by its first task, and by the page before it starts one. Pure. */
import { Fault } from '#etcd/faults.ts';
import type { CheckedAuthorityRotation } from '../catalogue.ts';
import { type Check, flag, oneOf, pauseSeconds, type Refusal, requestRefusal } from './requestRefusal.ts';

/** All of it may be left out. */
export const exampleAuthorityRotation = { dryRun: true } as const;

/** @throws Fault `InvalidInput`, naming the field and what is allowed */
export function checkAuthorityInput(input: unknown): CheckedAuthorityRotation {
  const refusal = authorityRefusal(input);
  if (refusal !== null) throw new Fault('InvalidInput', `${refusal.field} ${refusal.message}`);
  const asked = input as Partial<CheckedAuthorityRotation>;
  return {
    action: asked.action ?? 'rotate',
    sign: asked.sign ?? 'whenTrusted',
    drop: asked.drop ?? 'whenUnused',
    pauseBetweenMembersSeconds: asked.pauseBetweenMembersSeconds ?? 0,
    dryRun: asked.dryRun ?? false,
  };
}

const checks: Readonly<Record<keyof CheckedAuthorityRotation, Check>> = {
  action: oneOf('rotate', 'rollBack', 'abandon'),
  sign: oneOf('whenTrusted', 'now'),
  drop: oneOf('whenUnused', 'now'),
  pauseBetweenMembersSeconds: pauseSeconds,
  dryRun: flag,
};

/** The first thing that is wrong with a request; null where nothing is. */
export function authorityRefusal(input: unknown): Refusal | null {
  return requestRefusal(input, 'RotateCertificateAuthority', exampleAuthorityRotation, checks);
}
