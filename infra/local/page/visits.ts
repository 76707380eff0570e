/**
 * An execution's history as visits: each time a state was entered, what became of it. Pure. Events are tied together by
 * `previousEventId`, as AWS does: https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
 */
import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { IterationCounts, StateStatus } from './views.ts';

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

export interface Visit {
  readonly name: string;
  readonly type: string;
  /** The Map or Parallel around it. */
  readonly parent: Visit | null;
  /** Index in the Map around it. */
  readonly iteration: number | null;
  readonly input: string | null;
  readonly enteredAt: Date | null;
  readonly events: HistoryEvent[];
  status: Exclude<StateStatus, 'waiting'>;
  /** The last attempt failed, and it is not known yet what follows: a retry, a Catch, or the end. */
  failing: boolean;
  /** Attempts so far, minus one. */
  retries: number;
  attempts: number;
  output: string | null;
  error: string | null;
  cause: string | null;
  exitedAt: Date | null;
  iterations: Mutable<IterationCounts> | null;
}

/** Where in the machine an event happened: in this visit (null: at top level), in this iteration. */
interface Place {
  readonly visit: Visit | null;
  readonly iteration: number | null;
}

const topLevel: Place = { visit: null, iteration: null };

/** @param events in the order of their ids, from the first on */
export function visitsOf(events: readonly HistoryEvent[]): Visit[] {
  const visits: Visit[] = [];
  const places = new Map<number, Place>();
  for (const event of events) {
    const before = places.get(event.previousEventId ?? 0) ?? topLevel;
    const after = follow(event, before, visits);
    places.set(event.id ?? 0, after);
  }
  return visits;
}

function follow(event: HistoryEvent, before: Place, visits: Visit[]): Place {
  const type = event.type ?? '';
  if (type.startsWith('Execution')) return endOfExecution(event, type, before, visits);
  if (type.endsWith('StateEntered')) return entered(event, before, visits);
  if (type.endsWith('StateExited')) return exited(event, before, visits);
  if (type.startsWith('MapIteration')) return iteration(event, type, before, visits);
  const visit = /^(Map|Parallel)State/.test(type) ? container(type, before.visit) : before.visit;
  if (!visit) return before;
  if (/^(Map|Parallel)StateFailed$/.test(type))
    for (const inner of upTo(before.visit, visit)) end(inner, 'failed', event);
  visit.events.push(event);
  attempt(event, type, visit, visits);
  return visit === before.visit ? before : { visit, iteration: visit.iteration };
}

/** The Map or Parallel that an event of its own is about: a failure comes straight from a state inside. */
function container(type: string, inner: Visit | null): Visit | null {
  const kind = type.startsWith('Map') ? 'Map' : 'Parallel';
  const around = upTo(inner, null).filter((visit) => visit.type === kind);
  // One that has failed already passes its failure on to the next one out.
  return (type.endsWith('Failed') ? around.find(({ failing }) => !failing) : around[0]) ?? around[0] ?? inner;
}

function entered(event: HistoryEvent, { visit: parent, iteration }: Place, visits: Visit[]): Place {
  const visit: Visit = {
    name: event.stateEnteredEventDetails?.name ?? '',
    type: (event.type ?? '').replace(/StateEntered$/, ''),
    parent,
    iteration,
    input: event.stateEnteredEventDetails?.input ?? null,
    enteredAt: event.timestamp ?? null,
    events: [event],
    status: 'running',
    failing: false,
    retries: 0,
    attempts: 0,
    output: null,
    error: null,
    cause: null,
    exitedAt: null,
    iterations: null,
  };
  visits.push(visit);
  return { visit, iteration };
}

function exited(event: HistoryEvent, before: Place, visits: Visit[]): Place {
  const visit = around(before.visit, event.stateExitedEventDetails?.name, visits);
  if (!visit) return before;
  visit.events.push(event);
  visit.output = event.stateExitedEventDetails?.output ?? null;
  end(visit, visit.failing ? 'caught' : 'succeeded', event);
  endInside(visit, visits, event);
  return { visit: visit.parent, iteration: visit.iteration };
}

function iteration(event: HistoryEvent, type: string, before: Place, visits: Visit[]): Place {
  const details =
    event.mapIterationStartedEventDetails ??
    event.mapIterationSucceededEventDetails ??
    event.mapIterationFailedEventDetails ??
    event.mapIterationAbortedEventDetails;
  const map = around(before.visit, details?.name, visits);
  if (!map) return before;
  map.events.push(event);
  const counts = map.iterations;
  if (type === 'MapIterationStarted') {
    if (counts) counts.running++;
    return { visit: map, iteration: details?.index ?? null };
  }
  if (counts) {
    counts.running--;
    counts[type === 'MapIterationSucceeded' ? 'succeeded' : type === 'MapIterationFailed' ? 'failed' : 'aborted']++;
  }
  const status = type === 'MapIterationFailed' ? 'failed' : 'aborted';
  for (const visit of upTo(before.visit, map)) end(visit, status, event);
  return { visit: map, iteration: map.iteration };
}

/** An event inside a state: scheduled, started, failed, timed out. */
function attempt(event: HistoryEvent, type: string, visit: Visit, visits: Visit[]): void {
  if (/Scheduled$|^MapStateStarted$|^ParallelStateStarted$/.test(type)) {
    if (visit.attempts++ > 0) visit.retries++;
    visit.failing = false;
  }
  if (type === 'MapStateStarted') {
    const total = event.mapStateStartedEventDetails?.length ?? 0;
    visit.iterations = { total, running: 0, succeeded: 0, failed: 0, aborted: 0 };
  }
  if (type.endsWith('StateAborted')) {
    end(visit, 'aborted', event);
    endInside(visit, visits, event);
  } else if (/(Failed|TimedOut)$/.test(type)) {
    visit.failing = true;
    Object.assign(visit, failureIn(event));
    endInside(visit, visits, event);
  }
}

function endOfExecution(event: HistoryEvent, type: string, before: Place, visits: Visit[]): Place {
  if (type === 'ExecutionStarted') return topLevel;
  const open = visits.filter(({ status }) => status === 'running');
  const failure = failureIn(event);
  if (type === 'ExecutionFailed' && before.visit && before.visit.error === null) Object.assign(before.visit, failure);
  const culprits = type === 'ExecutionFailed' ? upTo(before.visit, null) : [];
  for (const visit of open) {
    const failed = visit.failing || culprits.includes(visit);
    end(visit, type === 'ExecutionSucceeded' ? 'succeeded' : failed ? 'failed' : 'aborted', event);
  }
  return topLevel;
}

function end(visit: Visit, status: Visit['status'], event: HistoryEvent): void {
  if (visit.status !== 'running') return;
  visit.status = status;
  visit.exitedAt = event.timestamp ?? null;
}

/** What still runs inside a container that has ended was stopped with it. */
function endInside(container: Visit, visits: readonly Visit[], event: HistoryEvent): void {
  for (const visit of visits) {
    if (visit.status !== 'running' || !upTo(visit.parent, null).includes(container)) continue;
    end(visit, visit.failing ? 'failed' : 'aborted', event);
  }
  const counts = container.iterations;
  if (counts && counts.running > 0) {
    counts.aborted += counts.running;
    counts.running = 0;
  }
}

/** The nearest visit of that name around a place; where the events are not tied that way, the last one still open. */
function around(visit: Visit | null, name: string | undefined, visits: readonly Visit[]): Visit | undefined {
  return (
    upTo(visit, null).find((one) => one.name === name) ??
    visits.findLast((one) => one.name === name && one.status === 'running')
  );
}

/** From a visit outwards, up to but without `limit`. */
function upTo(visit: Visit | null, limit: Visit | null): Visit[] {
  const chain: Visit[] = [];
  for (let one = visit; one && one !== limit; one = one.parent) chain.push(one);
  return chain;
}

/** Error and cause, whatever AWS calls the details of this type of event. */
function failureIn(event: HistoryEvent): { error?: string; cause?: string } {
  for (const [key, details] of Object.entries(event)) {
    if (!key.endsWith('EventDetails') || typeof details !== 'object' || details === null) continue;
    const { error, cause } = details as { error?: string; cause?: string };
    if (error !== undefined || cause !== undefined) return { ...(error && { error }), ...(cause && { cause }) };
  }
  return {};
}
