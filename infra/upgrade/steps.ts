/** The events of RollingUpgrade and UpgradeHop as steps: a state that is entered or left, with its data. Pure. */
import type { HistoryEvent } from '@aws-sdk/client-sfn';

export interface Step {
  readonly state: string;
  readonly type: 'entered' | 'left';
  /** Whether it is one that contains others. */
  readonly isContainer: boolean;
  /** Epoch milliseconds. */
  readonly atMs: number;
  /** What went into the state, or came out of it. */
  readonly data: Data;
}

/** As the machines' own states write it. */
export type Data = Readonly<Record<string, unknown>>;

/** Null of any other event. */
export function stepOf(event: HistoryEvent): Step | null {
  const { stateEnteredEventDetails: entered, stateExitedEventDetails: left } = event;
  const details = entered ?? left;
  if (details?.name === undefined) return null;
  return {
    state: details.name,
    type: entered === undefined ? 'left' : 'entered',
    isContainer: /^(Map|Parallel)State/.test(event.type ?? ''),
    atMs: event.timestamp?.getTime() ?? 0,
    data: dataIn(entered?.input ?? left?.output),
  };
}

/** Whether the state was left by a Catch. */
export function isCaught({ type, data }: Step): boolean {
  return type === 'left' && data.failure !== undefined;
}

/** Seconds of a state that pauses, where an operator asked for some; 0 of any other. */
export function pauseSeconds({ state, data }: Step): number {
  if (!state.startsWith('Pause before')) return 0;
  const { pauseBetweenMembersSeconds, request } = data as Paused;
  return pauseBetweenMembersSeconds ?? request?.pauseBetweenSeconds ?? 0;
}

interface Paused {
  readonly pauseBetweenMembersSeconds?: number;
  readonly request?: { readonly pauseBetweenSeconds?: number };
}

function dataIn(text: string | undefined): Data {
  const parsed: unknown = JSON.parse(text ?? 'null');
  return typeof parsed === 'object' && parsed !== null ? (parsed as Data) : {};
}
