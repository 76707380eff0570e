/** Statuses and times in words: never by colour alone. Pure. */
import type { ExecutionView, MemberView, StateProgress, StateStatus, UpkeepView } from '../views.ts';

export const stateMarks: Readonly<Record<StateStatus, string>> = {
  waiting: '',
  running: '●',
  succeeded: '✓',
  failed: '✕',
  caught: '↷',
  aborted: '■',
};

export const stateWords: Readonly<Record<StateStatus, string>> = {
  waiting: 'not reached',
  running: 'running',
  succeeded: 'succeeded',
  failed: 'failed',
  caught: 'failed, caught',
  aborted: 'stopped',
};

/** An execution's status as the same word that a state's has, for its colour and mark. */
export function executionStatus(status: string): StateStatus {
  if (status === 'RUNNING' || status === 'PENDING_REDRIVE') return 'running';
  if (status === 'SUCCEEDED') return 'succeeded';
  return status === 'ABORTED' ? 'aborted' : 'failed';
}

export const executionWords: Readonly<Record<string, string>> = {
  RUNNING: 'Running',
  SUCCEEDED: 'Succeeded',
  FAILED: 'Failed',
  TIMED_OUT: 'Timed out',
  ABORTED: 'Stopped',
};

/** `2/3` for a state inside a Map (visits that are done) or for the Map itself; empty elsewhere. */
export function countOf({ iterations, outOf, visits }: StateProgress): string {
  if (iterations) return `${iterations.succeeded}/${iterations.total}`;
  return outOf === null || outOf < 2 ? '' : `${visits.succeeded + visits.caught}/${outOf}`;
}

/** What a state's node says to a screen reader. */
export function stateLabel(state: StateProgress): string {
  const count = countOf(state);
  const retries = state.retries > 0 ? `, ${state.retries} ${state.retries === 1 ? 'retry' : 'retries'}` : '';
  return `${state.name}: ${stateWords[state.status]}${count === '' ? '' : `, ${count.replace('/', ' of ')} done`}${retries}`;
}

/** The execution in one sentence; says nothing that ticks, so that it is spoken only when something has happened. */
export function statusLine({ status, states, error, cause, startDate, stopDate }: ExecutionView): string {
  const containers = new Set(['Map', 'Parallel']);
  const named = (wanted: StateStatus): StateProgress[] => {
    const found = states.filter((state) => state.status === wanted);
    const inner = found.filter(({ type }) => !containers.has(type));
    return inner.length > 0 ? inner : found;
  };
  if (executionStatus(status) === 'running') {
    const at = named('running').map((state) => [state.name, countOf(state)].filter(Boolean).join(' '));
    return at.length === 0 ? 'Running' : `Running: ${at.join(', ')}`;
  }
  const took = startDate && stopDate ? ` after ${duration(Date.parse(stopDate) - Date.parse(startDate))}` : '';
  if (status === 'SUCCEEDED') return `Succeeded${took}`;
  const where = named('failed')[0]?.name ?? named('aborted')[0]?.name;
  const why = [error, cause].filter(Boolean).join(': ');
  return `${executionWords[status] ?? status}${where ? ` in ${where}` : ''}${took}${why ? `. ${why}` : ''}`;
}

/** `340 ms`, `12.3 s`, `4 min 5 s`, `2 h 3 min` */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

export function timeOf(iso: string | null): string {
  return iso === null ? '–' : new Date(iso).toLocaleTimeString();
}

export function dateTimeOf(iso: string | null): string {
  return iso === null ? '–' : new Date(iso).toLocaleString();
}

/** JSON text laid out for reading; text that is no JSON stays as it is. */
export function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

export const healthStatus: Readonly<Record<MemberView['health'], StateStatus>> = {
  healthy: 'succeeded',
  converging: 'running',
  unhealthy: 'failed',
  unknown: 'aborted',
};

type Verdict = NonNullable<UpkeepView['dns']>['verdict'];
export const dnsWords: Readonly<Record<Verdict, { readonly status: StateStatus; readonly word: string }>> = {
  inSync: { status: 'succeeded', word: 'in sync' },
  changed: { status: 'running', word: 'just changed' },
  unknown: { status: 'aborted', word: 'not known' },
  notOurs: { status: 'failed', word: 'not ours' },
};

type Lock = UpkeepView['lock'];
export function lockWords(lock: Lock): { readonly status: StateStatus; readonly word: string } {
  if (lock === null) return { status: 'aborted', word: 'not known' };
  if (lock.held === null) return { status: 'succeeded', word: 'free' };
  return hasEnded(lock.held) ? { status: 'failed', word: 'kept' } : { status: 'running', word: 'held' };
}

type Held = NonNullable<NonNullable<Lock>['held']>;
function hasEnded({ status }: Held): boolean {
  return status !== null && executionStatus(status) !== 'running';
}

/** Of operations that are gone on with by the same input, and may also be left in other ways. */
const otherWays: Readonly<Record<string, string>> = {
  MigrateToTls: ', or with {"action": "abandon"}',
  RotateCertificateAuthority: ', or with {"action": "rollBack"} or "abandon"',
};

/** What to do about a lock whose execution has ended; nothing about any other. */
export function waysOut(held: Held): readonly string[] {
  if (!hasEnded(held)) return [];
  const ended = `that execution has ended: ${executionWords[held.status ?? ''] ?? held.status}`;
  if (held.purpose !== 'RollingUpgrade')
    return [ended, `start ${held.purpose} again to go on${otherWays[held.purpose] ?? ''}`];
  return [ended, 'start RollingUpgrade with {"action": "resume"}, "rollBack" or "abandon"'];
}

/** `RotateInstances night` of an execution's ARN; anything else as it is. */
export function executionNamed(holder: string): string {
  const [, machine, name] = /:execution:([^:]+):([^:]+)$/.exec(holder) ?? [];
  return machine === undefined ? holder : `${machine} ${name}`;
}

/** `20 KiB`, `1.5 MiB`, `2.0 GiB` */
export function bytesOf(bytes: number): string {
  const units = ['KiB', 'MiB', 'GiB'] as const;
  const power = bytes < 1024 ** 2 ? 1 : bytes < 1024 ** 3 ? 2 : 3;
  const value = bytes / 1024 ** power;
  return `${power === 1 ? Math.round(value) : value.toFixed(1)} ${units[power - 1]}`;
}
