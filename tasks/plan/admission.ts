/** How a hop replaces instances: what newcomers are started as, and which rotation is gone on with. Pure. */
import { hopInto } from '#etcd/hops.ts';
import type { RotationRecord, UpgradeRecord } from '#etcd/record.ts';
import type { Start } from '#etcd/upgradeStep.ts';
import { minorOf } from '#etcd/versions.ts';
import type { Admission, Hop } from '../catalogue.ts';

/** Into 3.0 a newcomer joins as what the cluster runs, and is swapped once it has caught up (etcd issue 5664). */
export function joinAs({ kind, from, to, snapshotCount, v2Api }: Hop): Start {
  const minor = minorOf(to);
  const swapOnly = kind === 'minor' && minor !== null && hopInto(minor).swapOnly !== undefined;
  return { version: swapOnly ? from : to, snapshotCount: swapOnly ? 0 : snapshotCount, v2Api };
}

/** One rotation for each hop of each upgrade: whoever goes on with the upgrade goes on with its rotation, too. */
export function admission(
  { to }: Hop,
  { beganAt }: UpgradeRecord,
  rotation: RotationRecord | null,
): Pick<Admission, 'request' | 'plan'> {
  const reason = `${reasonOf(beganAt)}${to}`;
  const request = { reason, instances: 'all', pauseBetweenSeconds: 0, dryRun: false } as const;
  return { request, plan: { goesOnWith: rotation?.reason === reason ? rotation.beganAt : null } };
}

/** Whether a rotation belongs to this upgrade, which goes on with it. */
export function isOf({ reason }: RotationRecord, upgrade: UpgradeRecord | null): boolean {
  return upgrade !== null && upgrade.endedAt === undefined && reason.startsWith(reasonOf(upgrade.beganAt));
}

const reasonOf = (beganAt: string) => `upgrade of ${beganAt} to etcd `;
