/** The tasks of RotateCertificateAuthority. */
import { asking, small, type TaskEntry } from './entry.ts';
import type { Held } from './lock.ts';

export interface AuthorityTasks {
  checkAuthorityRotation: { input: { request: unknown }; output: CheckedAuthorityRotation };
  planAuthorityRotation: { input: PlanAuthorityRotationInput; output: AuthorityRotationPlan };
}

/** What the certificate signer does for the machine: a function with a deployment of its own (infra/certificates.ts). */
export interface SignerTasks {
  readAuthorities: { input: { authority: 'read' }; output: AuthorityState };
  moveAuthority: { input: MoveAuthorityInput; output: AuthorityAfterMove };
}

export interface CheckedAuthorityRotation {
  /** `rollBack`: back to the authority that was trusted before; `abandon` leaves a halted one as it is and frees the lock. */
  readonly action: 'rotate' | 'rollBack' | 'abandon';
  /** `now`: the wanted authority signs although clients may not have its CA certificate. */
  readonly sign: 'whenTrusted' | 'now';
  /** `now`: the other one is dropped although clients have certificates of it. */
  readonly drop: 'whenUnused' | 'now';
  readonly pauseBetweenMembersSeconds: number;
  readonly dryRun: boolean;
}

/** One that is trusted. */
export interface TrustedAuthority {
  readonly generation: number;
  /** SHA-256 of its certificate, 64 hex digits, lower case. */
  readonly fingerprint: string;
  /** ISO 8601 */
  readonly madeAt: string;
  /** ISO 8601 */
  readonly notAfter: string;
}

export interface AuthorityState {
  /** The one that signs first; empty before the first certificate was asked for. */
  readonly authorities: readonly TrustedAuthority[];
  /** Generations whose keys the deployment has, oldest first. */
  readonly deployed: readonly number[];
  /** Of each of those: whom a rotation to it would wait for. */
  readonly clients: readonly GenerationClients[];
}

export interface GenerationClients {
  readonly generation: number;
  /** Before it signs: those who have not got its CA certificate. */
  readonly unaware: WaitedClients;
  /** Before the other is dropped: those with a certificate of it. */
  readonly cutOff: WaitedClients;
}

export interface WaitedClients {
  readonly count: number;
  /** The first of them to end, at most 50. */
  readonly first: readonly WaitedClient[];
}

export interface WaitedClient {
  readonly name: string;
  /** Hex. */
  readonly serial: string;
  /** ISO 8601 */
  readonly notAfter: string;
  /** Whether that name has had a certificate since then that would do: this one may be out of use. */
  readonly renewed: boolean;
}

/**
 * `trust`: that generation's certificate, too; `sign`: by that generation from now on; `trustOnly`: that generation's and no
 * other's.
 */
export type AuthorityStep = 'trust' | 'sign' | 'trustOnly';

export interface MoveAuthorityInput extends Held {
  authority: AuthorityStep;
  /** Of the authority that is wanted. */
  generation: number;
  /** `now` does not wait for clients. */
  when: 'whenTrusted' | 'whenUnused' | 'now';
}

export interface AuthorityAfterMove {
  /** `waiting`: nothing was changed, for these clients. */
  readonly verdict: 'moved' | 'waiting';
  readonly clients: WaitedClients;
  /** Fingerprints of all that are trusted, the one that signs first. */
  readonly trusted: readonly string[];
  /** That one's. */
  readonly issuer: string;
  /** PEM of all of them: what a client is to trust. */
  readonly certificates: string;
}

export interface PlanAuthorityRotationInput {
  execution: string;
  request: CheckedAuthorityRotation;
  authorities: AuthorityState;
}

/** What is to be done: the answer of a dry run. */
export interface AuthorityRotationPlan {
  readonly cluster: string;
  /** Generation of the authority that is to be trusted alone in the end. */
  readonly wanted: number;
  /** Generations that are trusted now, the one that signs first. */
  readonly trusted: readonly number[];
  /** What each member's etcd was started with, and shows; fingerprints. */
  readonly members: readonly {
    readonly member: string;
    readonly trusted: readonly string[];
    readonly issuer: string;
  }[];
  /** Whom it would wait for. */
  readonly clients: Omit<GenerationClients, 'generation'>;
  /** Sentences. */
  readonly steps: readonly string[];
}

export const authorityTasks: Readonly<Record<keyof AuthorityTasks, TaskEntry>> = {
  checkAuthorityRotation: { entry: 'authority/checkAuthorityRotation', ...small, permissions: [] },
  planAuthorityRotation: {
    entry: 'authority/planAuthorityRotation',
    ...asking,
    permissions: ['readRecord', 'describeGroup', 'sendCommand', 'describeAuthorityRotations'],
  },
};
