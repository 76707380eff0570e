/** One execution: its status, its live step graph, and the state that is selected. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { machineName } from '../validate.ts';
import type { ExecutionView } from '../views.ts';
import { executionPath, getJson, getText, postJson } from './api.ts';
import { StateDetails } from './details.tsx';
import { focusState, StepGraph } from './graph.tsx';
import { useLoaded } from './loaded.ts';
import { Text } from './text.tsx';
import { duration, executionStatus, statusLine } from './words.ts';

interface Props {
  /** null: there is none yet */
  readonly arn: string | null;
  readonly version: number;
  /** Whether it can be stopped from here. */
  readonly mayChange: boolean;
  /** Name of the selected state. */
  readonly state: string | null;
  readonly select: (state: string | null) => void;
}

export function Execution({ arn, version, mayChange, state, select }: Props) {
  const path = arn === null ? null : executionPath(arn);
  const execution = useLoaded(path, version, getJson<ExecutionView>);
  // The definition of an execution never changes: drawn once, coloured again and again.
  const graph = useLoaded(path && `${path}/graph`, 0, getText);
  const chosen = useRef(false);
  const view = execution.value;

  if (arn === null) {
    return (
      <section class="execution" aria-label="Execution">
        <p class="quiet">
          No execution yet. Start one with the form, or wait for the first: deploying starts ClusterBootstrap.
        </p>
      </section>
    );
  }
  return (
    <section class="execution" aria-labelledby="execution">
      <h2 id="execution">{view ? machineName(view.stateMachineArn) : 'Execution'}</h2>
      {execution.error !== null && <p class="fault">{execution.error}</p>}
      <p
        class={`status ${view ? executionStatus(view.status) : 'waiting'}`}
        role="status"
        aria-label="Execution status"
      >
        {view ? statusLine(view) : 'Loading…'}
      </p>
      {view && <Facts view={view} path={path ?? ''} mayChange={mayChange} />}
      <div class={state === null ? 'steps' : 'steps with-details'}>
        <StepGraph
          svg={graph.value}
          error={graph.error}
          states={view?.states ?? []}
          selected={state}
          select={(name) => {
            chosen.current = true;
            select(name);
          }}
        />
        {state !== null && (
          <StateDetails
            key={`${arn} ${state}`}
            path={path ?? ''}
            name={state}
            progress={view?.states.find(({ name }) => name === state) ?? null}
            version={version}
            focus={chosen.current}
            close={() => {
              select(null);
              focusState(state);
            }}
          />
        )}
      </div>
    </section>
  );
}

function Facts({ view, path, mayChange }: { view: ExecutionView; path: string; mayChange: boolean }) {
  return (
    <div class="facts">
      <p>
        <span class="quiet">{view.name}</span> <Elapsed view={view} />
        <a href={path}>JSON</a> <a href={`${path}/history`}>History as JSON</a>
        {mayChange && executionStatus(view.status) === 'running' && <Stop path={path} />}
      </p>
      <details>
        <summary>Input and output</summary>
        <Text title="Input" json={view.input} />
        <Text title="Output" json={view.output} />
        <Text title="Error" json={view.error} />
        <Text title="Cause" json={view.cause} />
      </details>
    </div>
  );
}

function Elapsed({ view }: { view: ExecutionView }) {
  const running = executionStatus(view.status) === 'running';
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [running]);
  if (view.startDate === null || !running) return null;
  return <span class="quiet">{duration(Math.floor(Math.max(0, now - Date.parse(view.startDate)) / 1000) * 1000)}</span>;
}

/** Asks once more: stopping an operation midway leaves a cluster halfway. */
function Stop({ path }: { path: string }) {
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const stop = (): void => {
    setAsking(false);
    postJson(`${path}/stop`, {}).then(
      () => setError(null),
      (reason: Error) => setError(reason.message),
    );
  };
  return (
    <span class="stop">
      {asking ? (
        <>
          Stop it midway?{' '}
          <button type="button" class="danger" onClick={stop}>
            Stop it
          </button>{' '}
          <button type="button" onClick={() => setAsking(false)}>
            Let it run
          </button>
        </>
      ) : (
        <button type="button" onClick={() => setAsking(true)}>
          Stop…
        </button>
      )}
      {error !== null && <span class="fault">{error}</span>}
    </span>
  );
}
