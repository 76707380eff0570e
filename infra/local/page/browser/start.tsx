/** The form that starts an execution: checked here before it is sent, and refusals of the server shown at their field. */
import type { TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';
import { machineName, validateStart } from '../validate.ts';
import type { StateMachineView } from '../views.ts';
import { ApiError, postJson } from './api.ts';

interface Props {
  readonly machines: readonly StateMachineView[];
  readonly started: (executionArn: string) => void;
}

interface Fault {
  readonly field: string | null;
  readonly message: string;
}

export function StartForm({ machines, started }: Props) {
  const [chosen, setChosen] = useState<string | null>(null);
  const [typed, setTyped] = useState<string | null>(null);
  const [name, setName] = useState('');
  const [fault, setFault] = useState<Fault | null>(null);
  const [sending, setSending] = useState(false);
  const machine = machines.find(({ stateMachineArn }) => stateMachineArn === chosen) ?? machines[0];
  const input = typed ?? machine?.exampleInput ?? '';

  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget;
    const request = { stateMachineArn: machine?.stateMachineArn ?? '', input, ...(name !== '' && { name }) };
    const checked = validateStart(request);
    setSending(true);
    const refused = checked.ok ? await send(request, started) : checked;
    setSending(false);
    setFault(refused);
    if (refused) form.querySelector<HTMLElement>(`[name="${fieldOf(refused) ?? 'input'}"]`)?.focus();
    else setName('');
  };

  return (
    <form class="start" aria-labelledby="start" noValidate onSubmit={submit}>
      <h2 id="start">Start an execution</h2>
      <Field name="stateMachineArn" label="State machine" fault={fault}>
        {(described) => (
          <select
            {...described}
            disabled={machines.length === 0}
            onChange={(event) => {
              setChosen(event.currentTarget.value);
              setTyped(null);
              setFault(null);
            }}
          >
            {machines.map(({ stateMachineArn }) => (
              <option key={stateMachineArn} value={stateMachineArn}>
                {machineName(stateMachineArn)}
              </option>
            ))}
          </select>
        )}
      </Field>
      {machine?.startedBy ? (
        <p>{machine.startedBy} starts it by itself: start that instead.</p>
      ) : (
        <>
          <Field name="input" label="Input (JSON)" fault={fault}>
            {(described) => (
              <textarea
                {...described}
                rows={4}
                spellcheck={false}
                value={input}
                onInput={(event) => setTyped(event.currentTarget.value)}
              />
            )}
          </Field>
          <Field name="name" label="Name (made up if empty)" fault={fault}>
            {(described) => (
              <input
                {...described}
                autocomplete="off"
                value={name}
                onInput={(event) => setName(event.currentTarget.value)}
              />
            )}
          </Field>
          <p class="fault" role="alert">
            {fault && fieldOf(fault) === null ? fault.message : ''}
          </p>
          <button type="submit" class="primary" disabled={machine === undefined || sending}>
            Start
          </button>
        </>
      )}
    </form>
  );
}

/** @returns the refusal; null where it was started */
async function send(request: unknown, started: (executionArn: string) => void): Promise<Fault | null> {
  try {
    started((await postJson<{ executionArn: string }>('/api/executions', request)).executionArn);
    return null;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { field: error instanceof ApiError ? error.field : null, message };
  }
}

const fields = ['stateMachineArn', 'input', 'name'];

/** The form's field that a refusal is about: `input.cluster` is part of `input`. */
function fieldOf({ field }: Fault): string | null {
  const first = field?.split('.')[0] ?? '';
  return fields.includes(first) ? first : null;
}

interface Described {
  readonly id: string;
  readonly name: string;
  readonly 'aria-invalid': boolean;
  readonly 'aria-describedby': string;
}

interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly fault: Fault | null;
  readonly children: (described: Described) => preact.ComponentChildren;
}

function Field({ name, label, fault, children }: FieldProps) {
  const mine = fault && fieldOf(fault) === name ? fault : null;
  const id = `start-${name}`;
  const part = mine?.field?.includes('.') ? `${mine.field.slice(name.length + 1)} ` : '';
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, name, 'aria-invalid': mine !== null, 'aria-describedby': `${id}-fault` })}
      <p class="fault" id={`${id}-fault`}>
        {mine ? `${part}${mine.message}` : ''}
      </p>
    </div>
  );
}
