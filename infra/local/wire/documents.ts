/** Named JSON documents in a table of the home's SQLite file. */
import type { DatabaseSync } from 'node:sqlite';

export interface Documents<T> {
  get(id: string): T | null;
  put(id: string, document: T): void;
  delete(id: string): void;
  /** In the order in which they were first put. */
  all(): readonly T[];
}

/** @param table `SERVICE_THINGS`, made where it is missing */
export function documents<T>(database: DatabaseSync, table: string): Documents<T> {
  database.exec(
    `CREATE TABLE IF NOT EXISTS ${table} (number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, document TEXT NOT NULL)`,
  );
  const one = database.prepare(`SELECT document FROM ${table} WHERE id = ?`);
  const all = database.prepare(`SELECT document FROM ${table} ORDER BY number`);
  const put = database.prepare(
    `INSERT INTO ${table} (id, document) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET document = excluded.document`,
  );
  const remove = database.prepare(`DELETE FROM ${table} WHERE id = ?`);
  return {
    get(id) {
      const row = one.get(id);
      return row === undefined ? null : JSON.parse(String(row.document));
    },
    put: (id, document) => void put.run(id, JSON.stringify(document)),
    delete: (id) => void remove.run(id),
    all: () => all.all().map((row) => JSON.parse(String(row.document))),
  };
}

/** All of `work`'s changes, or none of them; may be nested. */
export function atomically<T>(database: DatabaseSync, work: () => T): T {
  database.exec('SAVEPOINT documents');
  try {
    const result = work();
    database.exec('RELEASE documents');
    return result;
  } catch (error) {
    database.exec('ROLLBACK TO documents; RELEASE documents');
    throw error;
  }
}
