/** What RotateCertificateAuthority asks of the signer: how the authorities stand, and one step to another one. */

import type { CertificateAuthority } from '#etcd/authorityRecord.ts';
import { Fault } from '#etcd/faults.ts';
import { readClients, replaceAuthority } from '../aws/authorityRecord.ts';
import { environment } from '../aws/environment.ts';
import { audit } from '../aws/record.ts';
import type { AuthorityAfterMove, AuthorityState, MoveAuthorityInput, Tasks, WaitedClient } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { clientsCutOff, clientsUnaware, type KnownAuthority, moved } from '../plan/authority.ts';
import { authorityTaskFrom, waitedClients } from '../plan/authorityTask.ts';
import { asRecorded, mostTries } from './authority.ts';
import { newAuthority, notEnded, readAuthorities } from './knownAuthorities.ts';
import { ownKeys } from './ownKeys.ts';

type Answer = Tasks['readAuthorities']['output'] | Tasks['moveAuthority']['output'];

/**
 * Called by the state machine, whose definition has the payload: no role but its own may.
 * @throws Fault `InvalidInput`; `LockHeld` where the lock is not the execution's; `RecordConflict` where the step does not follow
 */
export async function askedByMachine(event: unknown): Promise<Answer> {
  const asked = authorityTaskFrom(event);
  return asked.authority === 'read' ? authorityState() : move(asked);
}

async function authorityState(): Promise<AuthorityState> {
  const [keys, nowMs] = [ownKeys(), Date.now()];
  const { known } = await readAuthorities(keys);
  const clients = await readClients(new Date(nowMs).toISOString());
  return {
    authorities: notEnded(known, nowMs).map(({ generation, fingerprint, madeAt, endsAtMs }) => {
      return { generation, fingerprint, madeAt, notAfter: new Date(endsAtMs).toISOString() };
    }),
    deployed: keys.map(({ generation }) => generation),
    clients: keys.map((key) => ({
      generation: key.generation,
      unaware: waitedClients(clientsUnaware(clients, key)),
      cutOff: waitedClients(clientsCutOff(clients, key)),
    })),
  };
}

async function move(input: MoveAuthorityInput): Promise<AuthorityAfterMove> {
  const { authority: step, generation, when, execution, token, leaseSeconds } = input;
  const keys = ownKeys();
  // Each time the lock is proved to be the execution's, so that one that comes late changes nothing.
  await renewLease({ holder: execution, token }, leaseSeconds);
  for (let attempt = 0; attempt < mostTries; attempt++) {
    const nowMs = Date.now();
    const { record, known: all } = await readAuthorities(keys);
    const known = notEnded(all, nowMs);
    const clients = await readClients(new Date(nowMs).toISOString());
    const next = moved(known, keys, { step, generation, waits: when !== 'now' }, clients);
    if (next.verdict === 'refused') throw new Fault('RecordConflict', `${step} ${generation}: ${next.why}`);
    if (next.verdict === 'done') return after('moved', known);
    if (next.verdict === 'waiting') return after('waiting', known, next.clients);
    const certificates =
      next.verdict === 'write'
        ? next.certificates.map(asRecorded)
        : [...known.map(asRecorded), await newAuthority(environment('CLUSTER'), next.key)];
    // What was written is read again: the answer is what everybody is told from now on.
    if (await replaceAuthority(record, certificates)) await tell(input, record?.revision ?? 0, known, certificates);
  }
  throw new Error(`the record of the certificate authority was changed by others ${mostTries} times in a row`);
}

function after(
  verdict: AuthorityAfterMove['verdict'],
  known: readonly KnownAuthority[],
  clients: readonly WaitedClient[] = [],
): AuthorityAfterMove {
  const trusted = known.map(({ fingerprint }) => fingerprint);
  const certificates = known.map(({ certificate }) => certificate).join('');
  return { verdict, clients: waitedClients(clients), trusted, issuer: trusted[0] ?? '', certificates };
}

const words = { trust: 'is trusted, too', sign: 'signs from now on', trustOnly: 'is trusted alone' } as const;

async function tell(
  { authority: step, generation, execution, when }: MoveAuthorityInput,
  revision: number,
  before: readonly CertificateAuthority[],
  after: readonly CertificateAuthority[],
): Promise<void> {
  const generations = (list: readonly CertificateAuthority[]) => list.map((one) => one.generation);
  await audit(
    {
      at: new Date().toISOString(),
      who: execution,
      what: `the certificate authority of generation ${generation} ${words[step]}`,
      why: `RotateCertificateAuthority, ${when}`,
      before: generations(before),
      after: generations(after),
    },
    `authority-${revision + 1}`,
  );
}
