/** The page: the cluster's health, its members, its executions, and one of them step by step. */
import { useEffect, useState } from 'preact/hooks';
import type { ExecutionSummary, LinksView, MembersView, StateMachineView } from '../views.ts';
import { getJson, watch } from './api.ts';
import { Execution } from './execution.tsx';
import { Executions } from './executions.tsx';
import { Links } from './links.tsx';
import { useLoaded } from './loaded.ts';
import { Members } from './members.tsx';
import { useSelection } from './selection.ts';
import { StartForm } from './start.tsx';
import { useMayChange } from './token.ts';

/** While the home is still being deployed, nothing announces the first state machine. */
const emptyLookMs = 2000;

export function Page() {
  const { version, look, members, links, connected } = useServer();
  const [selection, select] = useSelection();
  const mayChange = useMayChange();
  const machines = useLoaded('/api/state-machines', version, getJson<{ stateMachines: StateMachineView[] }>);
  const executions = useLoaded('/api/executions', version, getJson<{ executions: ExecutionSummary[] }>);
  const list = executions.value?.executions ?? [];
  const known = machines.value?.stateMachines ?? [];
  const shown = selection.execution ?? list[0]?.executionArn ?? null;

  useEffect(() => {
    if (list.length > 0) return;
    const timer = setInterval(look, emptyLookMs);
    return () => clearInterval(timer);
  }, [list.length, look]);

  const verdict = members?.health.verdict ?? 'starting';
  return (
    <>
      <header>
        <h1>
          <span class="quiet">etcd cluster</span> {members?.cluster ?? '…'}
        </h1>
        <p class={`health ${verdict}`} role="status" aria-label="Cluster health">
          <strong>{verdictWords[verdict]}</strong> <span>{members?.health.summary ?? 'Asking the members'}</span>
        </p>
        <p class="connection" role="alert">
          {connected ? '' : 'Connection lost: this is what was last seen. Trying again.'}
        </p>
      </header>
      <main>
        <Members members={members?.members ?? null} upkeep={members?.upkeep ?? null} />
        {links !== null && links.regions.length > 1 && (
          <Links view={links} members={members?.members ?? []} mayChange={mayChange} />
        )}
        <div class="columns">
          <div class="side">
            <Executions list={list} error={executions.error} shown={shown} />
            {mayChange ? (
              <StartForm machines={known} started={(execution) => select({ execution, state: null })} />
            ) : (
              <OnlyLooking />
            )}
          </div>
          <Execution
            arn={shown}
            version={version}
            mayChange={mayChange}
            state={selection.state}
            select={(state) => select({ execution: selection.execution ?? (state === null ? null : shown), state })}
          />
        </div>
      </main>
      <footer>
        The same as JSON: <a href="/api">/api</a>
      </footer>
    </>
  );
}

/** In the place of the form. */
function OnlyLooking() {
  return (
    <section class="start" aria-labelledby="start">
      <h2 id="start">Start an execution</h2>
      <p class="quiet">
        Opened like this, the page only shows. To change something, open the address that npm start printed; it is in
        endpoints.json, too.
      </p>
    </section>
  );
}

const verdictWords = { healthy: '✓ Healthy', degraded: '▲ Degraded', down: '✕ Down', starting: '● Starting' } as const;

/** Pushes of the server. `version` grows with every change; `look` makes it grow by hand. */
function useServer() {
  const [version, setVersion] = useState(0);
  const [members, setMembers] = useState<MembersView | null>(null);
  const [links, setLinks] = useState<LinksView | null>(null);
  const [connected, setConnected] = useState(true);
  const [look] = useState(() => () => setVersion((before) => before + 1));
  useEffect(() => {
    // A server that is not ready yet pushes the members when it is.
    getJson<MembersView>('/api/members').then(setMembers, () => undefined);
    const loadLinks = (): void => void getJson<LinksView>('/api/links').then(setLinks, () => undefined);
    loadLinks();
    return watch({
      changed: look,
      members: setMembers,
      links: setLinks,
      connected(isConnected) {
        setConnected(isConnected);
        // What was pushed meanwhile was missed.
        if (isConnected) loadLinks();
      },
    });
  }, [look]);
  return { version, look, members, links, connected };
}
