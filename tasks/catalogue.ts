/**
 * Every task of the state machines: what it takes and gives, where its code is, and what it may do. Workflows take the
 * types from here, infra deploys from here.
 */
import { type BootstrapTasks, bootstrapTasks } from './catalogue/bootstrap.ts';
import { type AuthorityTasks, authorityTasks, type SignerTasks } from './catalogue/certificates.ts';
import type { TaskEntry } from './catalogue/entry.ts';
import { type LockTasks, lockTasks } from './catalogue/lock.ts';
import { type RegionTasks, regionTasks } from './catalogue/regions.ts';
import { type RotationTasks, rotationTasks } from './catalogue/rotation.ts';
import { type SecurityTasks, securityTasks } from './catalogue/security.ts';
import { type UpgradeTasks, upgradeTasks } from './catalogue/upgrade.ts';

export type * from './catalogue/bootstrap.ts';
export type * from './catalogue/certificates.ts';
export type * from './catalogue/entry.ts';
export type * from './catalogue/lock.ts';
export type * from './catalogue/regions.ts';
export type * from './catalogue/rotation.ts';
export type * from './catalogue/security.ts';
export type * from './catalogue/upgrade.ts';

/** Name -> input and output. An input's values are literals here and JSONPaths in a workflow. */
export interface Tasks
  extends BootstrapTasks,
    LockTasks,
    RegionTasks,
    RotationTasks,
    SecurityTasks,
    UpgradeTasks,
    AuthorityTasks,
    SignerTasks {}

export type TaskName = keyof Tasks;

/** All but those of the certificate signer, which is deployed for itself. */
export type DeployedTask = Exclude<TaskName, keyof SignerTasks>;

export const catalogue: Readonly<Record<DeployedTask, TaskEntry>> = {
  ...bootstrapTasks,
  ...lockTasks,
  ...regionTasks,
  ...rotationTasks,
  ...securityTasks,
  ...upgradeTasks,
  ...authorityTasks,
};
