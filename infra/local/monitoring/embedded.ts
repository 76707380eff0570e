/** Metrics in a log line of CloudWatch's embedded metric format. Pure. */
import type { Dimensions, MetricId } from './metricStore.ts';

export interface EmbeddedValue {
  readonly metric: MetricId;
  readonly value: number;
  readonly unit: string;
  readonly atMs: number;
}

interface Directive {
  readonly Namespace?: unknown;
  readonly Dimensions?: unknown;
  readonly Metrics?: unknown;
}

/** What AWS would make of the line; nothing of a line that is not in the format. */
export function embeddedValues(message: string): readonly EmbeddedValue[] {
  const line = objectIn(message);
  const about = line?._aws as { Timestamp?: unknown; CloudWatchMetrics?: unknown } | undefined;
  if (line === null || typeof about?.Timestamp !== 'number' || !Array.isArray(about.CloudWatchMetrics)) return [];
  const atMs = about.Timestamp;
  return (about.CloudWatchMetrics as Directive[]).flatMap(({ Namespace, Dimensions, Metrics }) => {
    if (typeof Namespace !== 'string' || !Array.isArray(Dimensions) || !Array.isArray(Metrics)) return [];
    const sets = (Dimensions as string[][]).map((names) => dimensionsIn(line, names)).filter((set) => set !== null);
    return (Metrics as { Name?: string; Unit?: string }[]).flatMap(({ Name: name = '', Unit: unit = 'None' }) => {
      const found = line[name];
      const values = (Array.isArray(found) ? found : [found]).filter((value) => typeof value === 'number');
      return values.flatMap((value) =>
        sets.map((dimensions) => ({ metric: { namespace: Namespace, name, dimensions }, value, unit, atMs })),
      );
    });
  });
}

/** Null where the line lacks one of them. */
function dimensionsIn(line: Readonly<Record<string, unknown>>, names: readonly string[]): Dimensions | null {
  const entries = names.map((name) => [name, line[name]] as const);
  return entries.every(([, value]) => typeof value === 'string') ? (Object.fromEntries(entries) as Dimensions) : null;
}

function objectIn(message: string): Record<string, unknown> | null {
  if (!message.startsWith('{')) return null;
  try {
    return JSON.parse(message) as Record<string, unknown>;
  } catch {
    return null;
  }
}
