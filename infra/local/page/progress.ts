/** How far each state of an execution has come. Pure. */
import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { startedExecution } from '../../executions/nested.ts';
import { allStates, type Definition, type PlacedState } from './definition.ts';
import type { EventView, StateProgress, StateStatus, VisitView } from './views.ts';
import { type Visit, visitsOf } from './visits.ts';

/** One entry for every state of the definition, in its order; states that were not entered wait. */
export function progressOf(definition: Definition, events: readonly HistoryEvent[]): StateProgress[] {
  const visits = visitsOf(events);
  const byName = Map.groupBy(visits, ({ name }) => name);
  const latest = latestVisits(visits);
  return allStates(definition).map((placed) => {
    const all = byName.get(placed.name) ?? [];
    return stateProgress(
      placed,
      all.length,
      all.filter((visit) => latest.has(visit)),
    );
  });
}

/** Every visit of one state with its events, oldest first. */
export function visitViews(events: readonly HistoryEvent[], name: string): VisitView[] {
  return visitsOf(events)
    .filter((visit) => visit.name === name)
    .map((visit) => ({
      status: visit.status,
      iteration: visit.iteration,
      retries: visit.retries,
      input: visit.input,
      output: visit.output,
      error: visit.error,
      cause: visit.cause,
      enteredAt: visit.enteredAt?.toISOString() ?? null,
      exitedAt: visit.exitedAt?.toISOString() ?? null,
      // A retry has started another one.
      nested: visit.events.reduce<string | null>((last, event) => startedExecution(event) ?? last, null),
      events: visit.events.map(eventView),
    }));
}

export function eventView(event: HistoryEvent): EventView {
  const details = Object.entries(event).find(([key, value]) => key.endsWith('EventDetails') && value !== undefined);
  return {
    id: event.id ?? 0,
    type: event.type ?? '',
    timestamp: event.timestamp?.toISOString() ?? null,
    details: details?.[1] ?? null,
  };
}

/** A loop enters a state again and again, a Map once per iteration: the last visit in each iteration is what counts now. */
function latestVisits(visits: readonly Visit[]): Set<Visit> {
  const last = new Map<Visit | null, Map<string, Visit>>();
  for (const visit of visits) {
    const siblings = last.get(visit.parent) ?? new Map<string, Visit>();
    last.set(visit.parent, siblings.set(`${visit.iteration} ${visit.name}`, visit));
  }
  const latest = new Set<Visit>();
  // Parents come before what they contain, so that a container that was entered again drops what it ran before.
  for (const visit of visits) {
    const isLast = last.get(visit.parent)?.get(`${visit.iteration} ${visit.name}`) === visit;
    if (isLast && (visit.parent === null || latest.has(visit.parent))) latest.add(visit);
  }
  return latest;
}

/** Several visits at once (iterations): what needs attention first decides. */
const attention = ['running', 'failed', 'aborted', 'caught', 'succeeded'] as const satisfies readonly StateStatus[];

function stateProgress(
  { name, state, insideMap }: PlacedState,
  entered: number,
  latest: readonly Visit[],
): StateProgress {
  const visits = { running: 0, succeeded: 0, failed: 0, caught: 0, aborted: 0 };
  for (const { status } of latest) visits[status]++;
  return {
    name,
    type: state.Type,
    status: attention.find((status) => visits[status] > 0) ?? 'waiting',
    entered,
    retries: latest.reduce((sum, { retries }) => sum + retries, 0),
    visits,
    outOf: insideMap === null ? null : outOf(insideMap, latest),
    iterations: total(latest.flatMap(({ iterations }) => iterations ?? [])),
  };
}

/** Iterations of the Map of that name around these visits, summed over several such Maps in an outer one. */
function outOf(map: string, visits: readonly Visit[]): number | null {
  const maps = new Set<Visit>();
  for (const visit of visits) {
    for (let one = visit.parent; one; one = one.parent) if (one.name === map) maps.add(one);
  }
  const totals = [...maps].flatMap(({ iterations }) => (iterations ? [iterations.total] : []));
  return totals.length === 0 ? null : totals.reduce((sum, count) => sum + count, 0);
}

function total(all: readonly NonNullable<Visit['iterations']>[]): StateProgress['iterations'] {
  if (all.length === 0) return null;
  const sum = { total: 0, running: 0, succeeded: 0, failed: 0, aborted: 0 };
  for (const counts of all) for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += counts[key];
  return sum;
}
