/** Executions in the home's database: their rows, frames, timers, task tokens and history events. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { Frame, TimerKind, TimerRow } from './frame.ts';

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

export interface ExecutionRow {
  readonly arn: string;
  readonly machineArn: string;
  readonly machineName: string;
  readonly name: string;
  readonly roleArn: string;
  /** As it was at the start: an update of the machine does not touch executions under way. */
  readonly definition: string;
  readonly revision: string;
  readonly input: string;
  /** Milliseconds since 1970. */
  readonly started: number;
  status: ExecutionStatus;
  stopped: number | null;
  output: string | null;
  error: string | null;
  cause: string | null;
  lastEvent: number;
  lastFrame: number;
}

export interface EventRow {
  readonly id: number;
  readonly type: string;
  readonly timestamp: number;
  readonly previous: number;
  /** The SDK's name of the details field, or null. */
  readonly field: string | null;
  /** JSON */
  readonly details: string | null;
}

export interface TokenRow {
  readonly executionArn: string;
  readonly frame: number;
  readonly attempt: number;
  readonly open: number;
}

const schema = `
  CREATE TABLE IF NOT EXISTS states_executions (
    arn TEXT PRIMARY KEY, machineArn TEXT NOT NULL, machineName TEXT NOT NULL, name TEXT NOT NULL, roleArn TEXT NOT NULL,
    definition TEXT NOT NULL, revision TEXT NOT NULL, input TEXT NOT NULL, started INTEGER NOT NULL, status TEXT NOT NULL,
    stopped INTEGER, output TEXT, error TEXT, cause TEXT, lastEvent INTEGER NOT NULL, lastFrame INTEGER NOT NULL)
    STRICT;
  CREATE TABLE IF NOT EXISTS states_waiters (
    executionArn TEXT NOT NULL, waiterArn TEXT NOT NULL, frame INTEGER NOT NULL,
    PRIMARY KEY (executionArn, waiterArn, frame)) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS states_executions_of_machine ON states_executions (machineArn, started);
  CREATE TABLE IF NOT EXISTS states_frames (
    executionArn TEXT NOT NULL, id INTEGER NOT NULL, parent INTEGER, body TEXT NOT NULL,
    PRIMARY KEY (executionArn, id)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS states_timers (
    executionArn TEXT NOT NULL, frame INTEGER NOT NULL, kind TEXT NOT NULL, due INTEGER NOT NULL,
    PRIMARY KEY (executionArn, frame, kind)) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS states_timers_due ON states_timers (due);
  CREATE TABLE IF NOT EXISTS states_tokens (
    token TEXT PRIMARY KEY, executionArn TEXT NOT NULL, frame INTEGER NOT NULL, attempt INTEGER NOT NULL,
    open INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS states_events (
    executionArn TEXT NOT NULL, id INTEGER NOT NULL, type TEXT NOT NULL, timestamp INTEGER NOT NULL,
    previous INTEGER NOT NULL, field TEXT, details TEXT, PRIMARY KEY (executionArn, id)) STRICT, WITHOUT ROWID;`;

export class ExecutionStore {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, ReturnType<DatabaseSync['prepare']>>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    database.exec(schema);
  }

  /** All of `work`, or none of it; may be nested. */
  transaction<T>(work: () => T): T {
    this.#database.exec('SAVEPOINT states');
    try {
      const result = work();
      this.#database.exec('RELEASE states');
      return result;
    } catch (error) {
      this.#database.exec('ROLLBACK TO states; RELEASE states');
      throw error;
    }
  }

  get(arn: string): ExecutionRow | undefined {
    return this.#get('SELECT * FROM states_executions WHERE arn = ?', arn);
  }

  running(): string[] {
    return this.#all<{ arn: string }>("SELECT arn FROM states_executions WHERE status = 'RUNNING'").map(
      ({ arn }) => arn,
    );
  }

  /** Latest start first. */
  list(machineArn: string, status: string | undefined, limit: number, offset: number): ExecutionRow[] {
    return this.#all(
      `SELECT * FROM states_executions WHERE machineArn = ? AND (? IS NULL OR status = ?)
       ORDER BY started DESC, rowid DESC LIMIT ? OFFSET ?`,
      machineArn,
      status ?? null,
      status ?? null,
      limit,
      offset,
    );
  }

  save(row: ExecutionRow): void {
    const names = Object.keys(row);
    const updates = ['status', 'stopped', 'output', 'error', 'cause', 'lastEvent', 'lastFrame'];
    this.#run(
      `INSERT INTO states_executions (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})
       ON CONFLICT (arn) DO UPDATE SET ${updates.map((name) => `${name} = excluded.${name}`).join(', ')}`,
      ...(Object.values(row) as SQLInputValue[]),
    );
  }

  frame(arn: string, id: number): Frame | undefined {
    const row = this.#get<{ body: string }>(
      'SELECT body FROM states_frames WHERE executionArn = ? AND id = ?',
      arn,
      id,
    );
    return row && (JSON.parse(row.body) as Frame);
  }

  frameIds(arn: string): number[] {
    const rows = this.#all<{ id: number }>('SELECT id FROM states_frames WHERE executionArn = ? ORDER BY id', arn);
    return rows.map(({ id }) => id);
  }

  childIds(arn: string, parent: number): number[] {
    const sql = 'SELECT id FROM states_frames WHERE executionArn = ? AND parent = ? ORDER BY id';
    return this.#all<{ id: number }>(sql, arn, parent).map(({ id }) => id);
  }

  saveFrame(arn: string, frame: Frame): void {
    const body = JSON.stringify(frame);
    this.#run('INSERT OR REPLACE INTO states_frames VALUES (?, ?, ?, ?)', arn, frame.id, frame.parent, body);
  }

  removeFrame(arn: string, id: number): void {
    this.#run('DELETE FROM states_frames WHERE executionArn = ? AND id = ?', arn, id);
  }

  removeFrames(arn: string): void {
    this.#run('DELETE FROM states_frames WHERE executionArn = ?', arn);
    this.#run('DELETE FROM states_timers WHERE executionArn = ?', arn);
  }

  /** Notes that a Task waits for an execution to end (startExecution.sync:2). */
  addWaiter(arn: string, waiterArn: string, frame: number): void {
    this.#run('INSERT OR REPLACE INTO states_waiters VALUES (?, ?, ?)', arn, waiterArn, frame);
  }

  waiters(arn: string): { waiterArn: string; frame: number }[] {
    return this.#all('SELECT waiterArn, frame FROM states_waiters WHERE executionArn = ?', arn);
  }

  setTimer({ executionArn, frame, kind, due }: TimerRow): void {
    this.#run('INSERT OR REPLACE INTO states_timers VALUES (?, ?, ?, ?)', executionArn, frame, kind, due);
  }

  clearTimer(arn: string, frame: number, kind: TimerKind): void {
    this.#run('DELETE FROM states_timers WHERE executionArn = ? AND frame = ? AND kind = ?', arn, frame, kind);
  }

  clearTimers(arn: string, frame: number): void {
    this.#run('DELETE FROM states_timers WHERE executionArn = ? AND frame = ?', arn, frame);
  }

  nextTimer(): TimerRow | undefined {
    return this.#get('SELECT * FROM states_timers ORDER BY due LIMIT 1');
  }

  openToken(token: string, arn: string, frame: number, attempt: number): void {
    this.#run('INSERT INTO states_tokens VALUES (?, ?, ?, ?, 1)', token, arn, frame, attempt);
  }

  closeToken(token: string): void {
    this.#run('UPDATE states_tokens SET open = 0 WHERE token = ?', token);
  }

  token(token: string): TokenRow | undefined {
    return this.#get('SELECT executionArn, frame, attempt, open FROM states_tokens WHERE token = ?', token);
  }

  addEvent(arn: string, { id, type, timestamp, previous, field, details }: EventRow): void {
    const sql = 'INSERT INTO states_events VALUES (?, ?, ?, ?, ?, ?, ?)';
    this.#run(sql, arn, id, type, timestamp, previous, field, details);
  }

  /** @param after the event before the first one, in this order; undefined: from the beginning of it */
  events(arn: string, reverse: boolean, limit: number, after?: number): EventRow[] {
    const [order, beyond, first] = reverse ? ['DESC', '<', Number.MAX_SAFE_INTEGER] : ['ASC', '>', 0];
    const sql = `SELECT * FROM states_events WHERE executionArn = ? AND id ${beyond} ? ORDER BY id ${order} LIMIT ?`;
    return this.#all(sql, arn, after ?? first, limit);
  }

  #prepare(sql: string): ReturnType<DatabaseSync['prepare']> {
    const known = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.set(sql, known);
    return known;
  }

  #get<T>(sql: string, ...values: SQLInputValue[]): T | undefined {
    const row = this.#prepare(sql).get(...values);
    return row === undefined ? undefined : ({ ...row } as T);
  }

  #all<T>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.#prepare(sql).all(...values) as T[];
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#prepare(sql).run(...values);
  }
}
