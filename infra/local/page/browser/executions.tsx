import { machineName } from '../validate.ts';
import type { ExecutionSummary } from '../views.ts';
import { Mark } from './mark.tsx';
import { hashOf } from './selection.ts';
import { dateTimeOf, executionStatus, executionWords } from './words.ts';

interface Props {
  readonly list: readonly ExecutionSummary[];
  readonly error: string | null;
  /** ARN of the one on display. */
  readonly shown: string | null;
}

export function Executions({ list, error, shown }: Props) {
  return (
    <nav aria-labelledby="executions">
      <h2 id="executions">Executions</h2>
      {error !== null && <p class="fault">{error}</p>}
      {list.length === 0 && error === null && <p class="quiet">None yet.</p>}
      <ul class="executions">
        {list.map((execution) => (
          <li key={execution.executionArn}>
            <a
              href={hashOf({ execution: execution.executionArn, state: null })}
              aria-current={execution.executionArn === shown ? 'true' : undefined}
            >
              <Mark
                status={executionStatus(execution.status)}
                word={executionWords[execution.status] ?? execution.status}
              />
              <strong>{machineName(execution.stateMachineArn)}</strong>
              <small>{execution.name}</small>
              <small>{dateTimeOf(execution.startDate)}</small>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
