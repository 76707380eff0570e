/** State machines in the home's database. */
import type { DatabaseSync } from 'node:sqlite';

export interface MachineRow {
  readonly arn: string;
  readonly name: string;
  readonly definition: string;
  readonly roleArn: string;
  readonly status: 'ACTIVE' | 'DELETING';
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly updated: number;
  readonly revision: string;
  /** loggingConfiguration, tracingConfiguration and tags as given, as JSON. */
  readonly settings: string;
}

export class MachineStore {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    database.exec(`CREATE TABLE IF NOT EXISTS states_machines (
      arn TEXT PRIMARY KEY, name TEXT NOT NULL, definition TEXT NOT NULL, roleArn TEXT NOT NULL, status TEXT NOT NULL,
      created INTEGER NOT NULL, updated INTEGER NOT NULL, revision TEXT NOT NULL, settings TEXT NOT NULL) STRICT`);
  }

  get(arn: string): MachineRow | undefined {
    const row = this.#database.prepare('SELECT * FROM states_machines WHERE arn = ?').get(arn);
    return row as unknown as MachineRow | undefined;
  }

  list(): MachineRow[] {
    const rows = this.#database.prepare('SELECT * FROM states_machines ORDER BY created DESC, name').all();
    return rows as unknown as MachineRow[];
  }

  save(row: MachineRow): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO states_machines VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
      .run(
        row.arn,
        row.name,
        row.definition,
        row.roleArn,
        row.status,
        row.created,
        row.updated,
        row.revision,
        row.settings,
      );
  }

  remove(arn: string): void {
    this.#database.prepare('DELETE FROM states_machines WHERE arn = ?').run(arn);
  }
}
