/** A learner becomes a voter as soon as it has caught up with the leader. */
import { statesOf } from '#etcd/knownMembers.ts';
import { safetyOf } from '#etcd/membership.ts';
import { EtcdRefusal } from '../machine/etcdMembership.ts';
import type { Log } from '../machine/log.ts';
import type { MembershipTurns } from '../machine/membershipTurns.ts';
import type { ClusterRecord } from '../machine/record.ts';
import type { Disk } from './disk.ts';
import { type EtcdAccess, etcdOverHttp } from './etcdAccess.ts';
import type { Look } from './surroundings.ts';

export interface PromoteOptions {
  readonly turns: MembershipTurns;
  readonly record: ClusterRecord;
  readonly disk: Pick<Disk, 'registration' | 'register'>;
  readonly look: () => Promise<Look>;
  readonly log: Log;
  readonly etcd?: EtcdAccess;
}

const timeoutMs = 7_000;

/** Promotes this disk's member where it is still a learner; says why it is none yet. */
export async function promoteOwn(options: PromoteOptions): Promise<string | null> {
  const registration = options.disk.registration();
  if (registration === null || !registration.started || registration.voter) return null;
  const { done, reason } = await promote(registration.memberId, options);
  if (done) options.disk.register({ ...registration, voter: true });
  return done ? null : reason;
}

/**
 * One attempt. The learner is counted as healthy: etcd itself refuses until it has nine tenths of the leader's log
 * (etcdserver: readyPercent), and a voter that fails afterwards leaves the others' quorum as it would be without it.
 * @returns whether it is a voter now, and why not
 */
async function promote(memberId: string, options: PromoteOptions): Promise<{ done: boolean; reason: string }> {
  const { turns, record, look, log, etcd = etcdOverHttp } = options;
  const { seen, ...blind } = await look();
  if (seen === null) return { done: false, reason: 'reason' in blind ? blind.reason : '' };
  const listed = seen.members.find(({ id }) => id === memberId);
  if (listed?.name && !listed.isLearner) return { done: true, reason: '' };
  if (listed?.name === '') return { done: false, reason: 'it has not started yet' };
  const taken = await turns.take(`promote ${memberId}`, async (turn) => {
    const view = await look();
    if (view.seen === null) return unchanged(view.reason);
    const { members, peers, leaderId } = view.seen;
    const own = members.find(({ id }) => id === memberId);
    if (own === undefined) return unchanged(`the member ${memberId} is not listed any more`);
    if (!own.isLearner) return { changed: false, result: { done: true, reason: '' } };
    const caughtUp = members.map((member) => (member.id === memberId ? { ...member, healthy: true } : member));
    const { verdict, reasons } = safetyOf(statesOf(caughtUp), { kind: 'promote', name: memberId });
    if (verdict === 'unsafe') return unchanged(reasons.join('; '));
    const through = peers.find(({ healthy }) => healthy);
    if (through === undefined || leaderId === null) return unchanged('there is no leader');
    turn.check();
    try {
      await etcd.membership({ ...through, timeoutMs }).promote(memberId);
    } catch (error) {
      if (error instanceof EtcdRefusal) return unchanged(error.message);
      throw error;
    }
    log('promoted', { memberId, through: through.address });
    await record.audit({ what: `${own.name} promoted to a voter`, why: 'it has caught up', after: { memberId } });
    return { changed: true, result: { done: true, reason: '' } };
  });
  return taken.busy === null ? taken.result : { done: false, reason: taken.busy };
}

function unchanged(reason: string) {
  return { changed: false, result: { done: false, reason } };
}
