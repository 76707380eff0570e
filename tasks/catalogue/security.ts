/** The tasks of MigrateToTls, and of ReconfigureMembers, which it starts. */
import type { Transport } from '#etcd/transport.ts';
import type { WantedSecurity } from '../../agent/protocol.ts';
import { asking, lockAccess, sending, small, type TaskEntry } from './entry.ts';
import type { Held } from './lock.ts';

export interface SecurityTasks {
  /** `previous`: the member whose step was the last one; empty at first. */
  chooseUnfit: { input: Held & { wanted: WantedSecurity; previous: string }; output: NextUnfit };
  secureMember: { input: SecureMemberTaskInput; output: { commandId: string } };
  checkMigration: { input: { request: unknown }; output: CheckedMigration };
  planMigration: { input: { execution: string; request: CheckedMigration }; output: MigrationPlan };
  beginMigration: { input: Held & { request: CheckedMigration; plan: MigrationPlan }; output: { beganAt: string } };
  chooseTransport: { input: Held & { request: CheckedMigration }; output: NextTransport };
  finishMigration: { input: Held & { request: CheckedMigration; plan: MigrationPlan }; output: MigrationReport };
}

export interface NextUnfit {
  readonly step: 'secure' | 'done';
  /** Name, which is the instance id; empty where all is done. */
  readonly member: string;
  readonly leads: boolean;
  readonly remaining: number;
}

export interface SecureMemberTaskInput {
  execution: string;
  token: number;
  wanted: WantedSecurity;
  member: string;
  taskToken: string;
}

export interface CheckedMigration {
  /** `abandon` leaves a halted one as it is and frees the lock. */
  readonly action: 'migrate' | 'abandon';
  /** What every member serves in the end. */
  readonly to: Transport;
  readonly dryRun: boolean;
  readonly pauseBetweenMembersSeconds: number;
}

/** What is to be done: the answer of a dry run. */
export interface MigrationPlan {
  readonly cluster: string;
  /** What the members serve now; `both` where they differ. */
  readonly from: Transport;
  readonly to: Transport;
  /** In this order, each on every member before the next. */
  readonly transports: readonly Transport[];
  /** As it would be now: followers first, the leader last. */
  readonly order: readonly { readonly member: string; readonly transport: Transport; readonly leads: boolean }[];
  /** Sentences. */
  readonly steps: readonly string[];
}

export interface NextTransport {
  readonly step: 'reconfigure' | 'done';
  readonly wanted: WantedSecurity;
}

export interface MigrationReport {
  readonly cluster: string;
  readonly from: Transport;
  readonly to: Transport;
  /** ISO 8601 */
  readonly beganAt: string;
  /** ISO 8601 */
  readonly endedAt: string;
  readonly abandoned: boolean;
}

export const securityTasks: Readonly<Record<keyof SecurityTasks, TaskEntry>> = {
  chooseUnfit: {
    entry: 'security/chooseUnfit',
    ...asking,
    permissions: [...lockAccess, 'describeGroup', 'sendCommand'],
  },
  secureMember: { entry: 'security/secureMember', ...sending, permissions: ['sendCommand'] },
  checkMigration: { entry: 'security/checkMigration', ...small, permissions: [] },
  planMigration: {
    entry: 'security/planMigration',
    ...asking,
    permissions: ['readRecord', 'describeGroup', 'sendCommand', 'describeMigrations'],
  },
  beginMigration: { entry: 'security/beginMigration', ...small, permissions: lockAccess },
  chooseTransport: {
    entry: 'security/chooseTransport',
    ...asking,
    permissions: [...lockAccess, 'describeGroup', 'sendCommand'],
  },
  finishMigration: { entry: 'security/finishMigration', ...small, permissions: lockAccess },
};
