/** The commands by which a member's transport and certificates are changed, their inputs and results. */
import type { Transport, WantedCertificates } from '#etcd/transport.ts';

/** name -> input and result */
export interface SecurityCommands {
  /** A member's step to another transport or authority: certificates that fit, and a restart in its turn where one is needed. */
  secureMember: { input: SecureMemberInput; result: SecuredMember };
}

/** What a member has to be like: what its etcd was started with, and shows. */
export interface WantedSecurity extends WantedCertificates {
  readonly transport: Transport;
}

export interface SecureMemberInput extends WantedSecurity {
  /** How long the member may take to be healthy again, in milliseconds, before what its data adds. */
  readonly timeoutMs: number;
}

export interface SecuredMember extends WantedSecurity {
  readonly member: string;
  /** Milliseconds from the stop of etcd to the first answered read and write; 0 where it was not restarted. */
  readonly downMs: number;
  /** Milliseconds from the command's start. */
  readonly waitedMs: number;
}

/** What a member's etcd is served with, as its agent says. */
export interface MemberSecurity extends WantedSecurity {
  /** When the first of its certificates ends, ISO 8601; null in the clear. */
  readonly endsAt: string | null;
}
