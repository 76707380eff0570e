/** What clients asked of registers and what came back. A register is a key that holds one value, none at first. */

/**
 * What is known of an operation: `ok` was acknowledged, `failed` certainly had no effect, `unknown` may take effect at any
 * time after its call, or never (timed out, connection lost).
 */
export type Outcome = 'ok' | 'unknown' | 'failed';

export interface Operation {
  readonly key: string;
  readonly kind: 'put' | 'get';
  /** What was put, or what was read; null where a get found nothing or did not end well. */
  readonly value: string | null;
  readonly outcome: Outcome;
  /** Milliseconds of one monotonic clock. */
  readonly calledAt: number;
  readonly endedAt: number;
  /** Through which member, for whoever reads a report. */
  readonly through?: string;
}

export type History = readonly Operation[];

/** One line, such as `put 7, ok from 12.0 to 15.3 ms through 127.0.0.10`. */
export function inWords({ kind, value, outcome, calledAt, endedAt, through }: Operation): string {
  const what = kind === 'put' ? `put ${value}` : `get ${outcome === 'ok' ? (value ?? 'nothing') : ''}`.trimEnd();
  const where = through === undefined ? '' : ` through ${through}`;
  return `${what}, ${outcome} from ${calledAt.toFixed(1)} to ${endedAt.toFixed(1)} ms${where}`;
}
