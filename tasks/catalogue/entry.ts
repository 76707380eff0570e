/** What every task has: where its code is, how long it may take, what it may do. */

export type Permission =
  | 'readRecord'
  | 'writeRecord'
  | 'updateRecord'
  | 'describeGroup'
  | 'describeInstances'
  | 'describeNetworks'
  | 'sendCommand'
  | 'describeRotations'
  | 'describeUpgrades'
  | 'describeMigrations'
  | 'describeAuthorityRotations'
  | 'describeRegionChanges'
  | 'listReleases'
  | 'listBackups'
  | 'setCapacity'
  | 'setCapacityOfSecond'
  | 'terminateInstances'
  | 'terminateInstancesOfSecond'
  | 'suspendProcesses'
  | 'resumeProcesses';

export interface TaskEntry {
  /** Below tasks/, without extension: `bootstrap/checkRequest`. */
  readonly entry: string;
  readonly timeoutSeconds: number;
  readonly memoryMiB: number;
  readonly permissions: readonly Permission[];
  /** What it does besides where the cluster is in two regions. */
  readonly inTwoRegions?: readonly Permission[];
}

/** A task that reads, decides and writes. */
export const small = { timeoutSeconds: 10, memoryMiB: 256 } as const;
/** Hands a command to an agent. */
export const sending = { timeoutSeconds: 60, memoryMiB: 256 } as const;
/** Asks all agents, and again where what they say may pass. */
export const asking = { timeoutSeconds: 85, memoryMiB: 256 } as const;
/** To take, renew or prove the lock. */
export const lockAccess = ['readRecord', 'writeRecord'] as const;
