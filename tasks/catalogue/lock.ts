/** The tasks of the operation lock. */
import { lockAccess, small, type TaskEntry } from './entry.ts';

export interface LockTasks {
  takeLock: { input: TakeLockInput; output: { token: number } };
  releaseLock: { input: { holder: string; token: number }; output: { released: true } };
}

export interface TakeLockInput {
  /** ARN of the execution. */
  holder: string;
  purpose: string;
  leaseSeconds: number;
  /** Whether new instances may join while it is held. */
  joins: boolean;
  /** Whether it takes the lock over from an execution of the same state machine that has ended. */
  resumes: boolean;
}

/** What every task carries that works under the lock. */
export interface Held {
  /** ARN of the execution. */
  execution: string;
  /** Fencing token. */
  token: number;
  /** From now on: longer than the longest wait that may follow. */
  leaseSeconds: number;
}

export const lockTasks: Readonly<Record<keyof LockTasks, TaskEntry>> = {
  takeLock: {
    entry: 'lock/takeLock',
    ...small,
    permissions: [
      ...lockAccess,
      'describeRotations',
      'describeUpgrades',
      'describeMigrations',
      'describeAuthorityRotations',
      'describeRegionChanges',
    ],
  },
  releaseLock: { entry: 'lock/releaseLock', ...small, permissions: lockAccess },
};
