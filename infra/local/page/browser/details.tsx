/** A state on click: each visit with what went in, what came out, and its history events. */
import { useEffect, useRef } from 'preact/hooks';
import type { EventView, StateProgress, VisitView } from '../views.ts';
import { getJson } from './api.ts';
import { useLoaded } from './loaded.ts';
import { Mark } from './mark.tsx';
import { hashOf } from './selection.ts';
import { Text } from './text.tsx';
import { countOf, duration, executionNamed, stateWords, timeOf } from './words.ts';

interface Props {
  /** Of the execution in the API. */
  readonly path: string;
  readonly name: string;
  readonly progress: StateProgress | null;
  readonly version: number;
  /** The operator chose this state just now, so the keyboard goes there. */
  readonly focus: boolean;
  readonly close: () => void;
}

export function StateDetails({ path, name, progress, version, focus, close }: Props) {
  const visits = useLoaded(
    `${path}/history?state=${encodeURIComponent(name)}`,
    version,
    getJson<{ visits: VisitView[] }>,
  );
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (focus) heading.current?.focus();
  }, [focus]);
  const list = (visits.value?.visits ?? []).toReversed();
  return (
    <section
      class="details"
      aria-labelledby="state"
      onKeyDown={(event) => {
        if (event.key === 'Escape') close();
      }}
    >
      <div class="title">
        <h3 id="state" ref={heading} tabIndex={-1}>
          {name}
        </h3>
        <button type="button" onClick={close} aria-label="Close the state's details">
          ✕
        </button>
      </div>
      {progress && (
        <p>
          <Mark status={progress.status} word={stateWords[progress.status]} />{' '}
          <span class="quiet">
            {progress.type} {countOf(progress)}
          </span>
        </p>
      )}
      {visits.error !== null && <p class="fault">{visits.error}</p>}
      {visits.value && list.length === 0 && <p class="quiet">Not reached yet.</p>}
      {list.map((visit, index) => (
        <Visit key={list.length - index} visit={visit} number={list.length - index} open={index === 0} />
      ))}
    </section>
  );
}

function Visit({ visit, number, open }: { visit: VisitView; number: number; open: boolean }) {
  const took =
    visit.enteredAt && visit.exitedAt ? duration(Date.parse(visit.exitedAt) - Date.parse(visit.enteredAt)) : '';
  return (
    <details class="visit" open={open}>
      <summary>
        <Mark status={visit.status} word={stateWords[visit.status]} />{' '}
        <span>
          {visit.iteration === null ? `visit ${number}` : `iteration ${visit.iteration}`}, {timeOf(visit.enteredAt)}{' '}
          {took}
          {visit.retries > 0 && `, ${visit.retries} ${visit.retries === 1 ? 'retry' : 'retries'}`}
        </span>
      </summary>
      {visit.nested !== null && (
        <p>
          It started <a href={hashOf({ execution: visit.nested, state: null })}>{executionNamed(visit.nested)}</a>
        </p>
      )}
      <Text title="Error" json={visit.error} />
      <Text title="Cause" json={visit.cause} />
      <Text title="Input" json={visit.input} />
      <Text title="Output" json={visit.output} />
      <h4>History</h4>
      <ol class="events">
        {visit.events.map((event) => (
          <HistoryEvent key={event.id} event={event} />
        ))}
      </ol>
    </details>
  );
}

function HistoryEvent({ event }: { event: EventView }) {
  return (
    <li>
      <details>
        <summary>
          <span class="quiet">{event.id}</span> {event.type} <span class="quiet">{timeOf(event.timestamp)}</span>
        </summary>
        <pre>{JSON.stringify(event.details, null, 2)}</pre>
      </details>
    </li>
  );
}
