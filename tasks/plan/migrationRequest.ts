/** What a MigrateToTls execution may be given: checked by its first task, and by the page before it starts one. Pure. */
import { Fault } from '#etcd/faults.ts';
import { type Transport, transports } from '#etcd/transport.ts';
import type { CheckedMigration } from '../catalogue.ts';
import { type Check, flag, oneOf, pauseSeconds, type Refusal, requestRefusal } from './requestRefusal.ts';

/** The smallest request. */
export const exampleMigration = { to: 'both' } as const;

/** @throws Fault `InvalidInput`, naming the field and what is allowed */
export function checkMigrationInput(input: unknown): CheckedMigration {
  const refusal = migrationRefusal(input);
  if (refusal !== null) throw new Fault('InvalidInput', `${refusal.field} ${refusal.message}`);
  const { action = 'migrate', to, dryRun = false, pauseBetweenMembersSeconds = 0 } = input as Partial<CheckedMigration>;
  return { action, to: to as Transport, dryRun, pauseBetweenMembersSeconds };
}

const checks: Readonly<Record<keyof CheckedMigration, Check>> = {
  action: oneOf('migrate', 'abandon'),
  to(value, { action }) {
    const named = transports.map((transport) => `"${transport}"`).join(', ');
    if (action === 'abandon') return value === undefined ? null : 'has no meaning where a migration is abandoned';
    if (value === undefined) return `is missing; allowed: ${named}`;
    return transports.some((transport) => transport === value) ? null : `must be one of ${named}`;
  },
  dryRun: flag,
  pauseBetweenMembersSeconds: pauseSeconds,
};

/** The first thing that is wrong with a request; null where nothing is. */
export function migrationRefusal(input: unknown): Refusal | null {
  return requestRefusal(input, 'MigrateToTls', exampleMigration, checks);
}
