import type { Tasks } from '../catalogue.ts';
import { checkMigrationInput } from '../plan/migrationRequest.ts';

/** Refuses what MigrateToTls cannot take, before anything is read or written. @throws Fault `InvalidInput` */
export async function handler({
  request,
}: Tasks['checkMigration']['input']): Promise<Tasks['checkMigration']['output']> {
  return checkMigrationInput(request);
}
