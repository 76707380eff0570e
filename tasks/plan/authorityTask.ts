/** What the state machine asks of the signer, and how it is told of clients. Pure. */
import { Fault } from '#etcd/faults.ts';
import type { AuthorityStep, MoveAuthorityInput, Tasks, WaitedClient, WaitedClients } from '../catalogue.ts';

type Asked = Tasks['readAuthorities']['input'] | MoveAuthorityInput;

const steps: readonly AuthorityStep[] = ['trust', 'sign', 'trustOnly'];
const times: readonly MoveAuthorityInput['when'][] = ['whenTrusted', 'whenUnused', 'now'];

/** @throws Fault `InvalidInput`, naming the field */
export function authorityTaskFrom(event: unknown): Asked {
  const asked = event as Partial<Record<keyof MoveAuthorityInput, unknown>>;
  if (asked.authority === 'read') return { authority: 'read' };
  const text = (value: unknown) => typeof value === 'string' && value !== '';
  const fits: Readonly<Record<keyof MoveAuthorityInput, boolean>> = {
    authority: steps.some((step) => step === asked.authority),
    generation: Number.isInteger(asked.generation),
    when: times.some((time) => time === asked.when),
    execution: text(asked.execution),
    token: Number.isInteger(asked.token),
    leaseSeconds: Number.isInteger(asked.leaseSeconds) && Number(asked.leaseSeconds) > 0,
  };
  const odd = Object.entries(fits).find(([, fit]) => !fit)?.[0];
  if (odd !== undefined)
    throw new Fault('InvalidInput', `${odd} of a step of the certificate authority is not what it is to be`);
  return asked as unknown as MoveAuthorityInput;
}

/** Of clients that are named: the answer of a task is limited. */
const most = 50;

export function waitedClients(clients: readonly WaitedClient[]): WaitedClients {
  return { count: clients.length, first: clients.slice(0, most) };
}
