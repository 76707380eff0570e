/** Values of metrics by the minute in which they were taken, and their statistics. */
import type { DatabaseSync } from 'node:sqlite';

/** Name to value. */
export type Dimensions = Readonly<Record<string, string>>;

export interface MetricId {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Dimensions;
}

export type Statistic = 'SampleCount' | 'Average' | 'Sum' | 'Minimum' | 'Maximum';

export interface Datapoint extends Readonly<Record<Statistic, number>> {
  readonly atMs: number;
  readonly unit: string;
}

export interface MetricStore {
  put(metric: MetricId, value: number, unit: string, atMs: number): void;
  /** Those that have data, in the order of their names. */
  list(): readonly MetricId[];
  /** One point for each period with data from `fromMs` on and before `toMs`, oldest first; periods are counted from `fromMs`. */
  statistics(metric: MetricId, fromMs: number, toMs: number, periodMs: number): readonly Datapoint[];
}

const keptValues = 200_000;

export function createMetricStore(database: DatabaseSync): MetricStore {
  database.exec(`CREATE TABLE IF NOT EXISTS monitoring_values (number INTEGER PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL,
    dimensions TEXT NOT NULL, at INTEGER NOT NULL, value REAL NOT NULL, unit TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS monitoring_by_metric ON monitoring_values (namespace, name, dimensions, at)`);
  const insert = database.prepare(
    'INSERT INTO monitoring_values (namespace, name, dimensions, at, value, unit) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const prune = database.prepare('DELETE FROM monitoring_values WHERE number <= ?');
  const all = database.prepare(
    'SELECT DISTINCT namespace, name, dimensions FROM monitoring_values ORDER BY namespace, name, dimensions',
  );
  const points =
    database.prepare(`SELECT ?4 + CAST((at - ?4) / ?6 AS INTEGER) * ?6 AS start, count(*) AS SampleCount, avg(value) AS Average,
    sum(value) AS Sum, min(value) AS Minimum, max(value) AS Maximum, min(unit) AS unit FROM monitoring_values
    WHERE namespace = ?1 AND name = ?2 AND dimensions = ?3 AND at >= ?4 AND at < ?5 GROUP BY start ORDER BY start`);
  return {
    put({ namespace, name, dimensions }, value, unit, atMs) {
      const { lastInsertRowid } = insert.run(namespace, name, textOf(dimensions), atMs, value, unit);
      prune.run(Number(lastInsertRowid) - keptValues);
    },
    list: () =>
      all.all().map(({ namespace, name, dimensions }) => ({
        namespace: String(namespace),
        name: String(name),
        dimensions: Object.fromEntries(JSON.parse(String(dimensions))) as Dimensions,
      })),
    statistics: ({ namespace, name, dimensions }, fromMs, toMs, periodMs) =>
      points.all(namespace, name, textOf(dimensions), fromMs, toMs, periodMs).map((row) => ({
        atMs: Number(row.start),
        unit: String(row.unit),
        SampleCount: Number(row.SampleCount),
        Average: Number(row.Average),
        Sum: Number(row.Sum),
        Minimum: Number(row.Minimum),
        Maximum: Number(row.Maximum),
      })),
  };
}

/** The same for the same dimensions in any order. */
function textOf(dimensions: Dimensions): string {
  return JSON.stringify(Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1)));
}
