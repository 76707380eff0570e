/** What an agent does when it boots: go on with the disk it has, form the new cluster, or wait. */
import type { BootstrapRecord } from './record.ts';

/** All that the decision rests on. */
export interface BootFacts {
  readonly instanceId: string;
  /** Whether etcd's data directory holds a member. */
  readonly diskHasMember: boolean;
  /** The claim on the data volume; null where there is none. */
  readonly claimOnDisk: string | null;
  readonly bootstrap: Pick<BootstrapRecord, 'members' | 'createdAt'> | null;
  /** The claim in this member's `started#` item; null where there is none. */
  readonly claimInRecord: string | null;
}

export interface BootDecision {
  readonly action: 'startExisting' | 'formNew' | 'awaitBootstrap' | 'awaitJoin';
  /** One sentence for the operator. */
  readonly reason: string;
}

/**
 * An empty disk forms a new cluster only while the record names this instance, the cluster was never created, and nobody
 * has started this member before. A disk that was wiped after the member voted would otherwise come back under the same
 * member id without the entries it acknowledged, and acknowledged writes could be lost.
 */
export function bootDecision(facts: BootFacts): BootDecision {
  const { bootstrap, instanceId } = facts;
  if (facts.diskHasMember) return decide('startExisting', 'the disk holds a member: etcd goes on with it');
  if (bootstrap === null) return decide('awaitBootstrap', 'there is no bootstrap record yet');
  if (bootstrap.createdAt !== undefined) {
    return decide(
      'awaitJoin',
      `the cluster was created at ${bootstrap.createdAt} and this disk is empty: it has to join`,
    );
  }
  if (!bootstrap.members.some((member) => member.instanceId === instanceId)) {
    return decide('awaitJoin', `the bootstrap record does not name ${instanceId}`);
  }
  if (facts.claimInRecord !== null && facts.claimInRecord !== facts.claimOnDisk) {
    return decide('awaitJoin', `the member ${instanceId} was started before, on a disk that is gone`);
  }
  return decide('formNew', `the bootstrap record names ${instanceId}`);
}

function decide(action: BootDecision['action'], reason: string): BootDecision {
  return { action, reason };
}
