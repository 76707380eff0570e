/** What a change of the membership must never do, checked at the moment it commits. */
import { quorum } from '#etcd/membership.ts';
import type { EtcdModel } from './etcdModel.ts';
import type { Change, ConfigMember } from './etcdRules.ts';
import type { Watch } from './watch.ts';
import type { Life } from './world.ts';

export interface Commit {
  readonly watch: Watch;
  readonly model: EtcdModel;
  readonly inGroup: (instanceId: string) => boolean;
  readonly change: Change;
  readonly by: Life;
  readonly memberId: string;
  readonly before: readonly ConfigMember[];
  readonly after: readonly ConfigMember[];
}

export function checkCommit(commit: Commit): void {
  checkQuorum(commit);
  checkRemoval(commit);
  checkNewcomers(commit);
}

/** The healthy voters had a quorum before, and have none after, although nobody failed since the agent looked. */
function checkQuorum({ watch, model, by, change, memberId, before, after }: Commit): void {
  const well = ({ id }: ConfigMember) => {
    const node = model.nodeOf(id);
    return node !== undefined && model.inSync(node);
  };
  const wellWhenLookedAt = (member: ConfigMember) =>
    well(member) || (model.lastWellMs.get(member.id) ?? Number.NEGATIVE_INFINITY) >= by.lookBeganMs;
  const [had, has] = [voters(before), voters(after)];
  if (had.filter(well).length < quorum(had.length)) return;
  if (has.filter(well).length >= quorum(has.length)) return;
  if (has.filter(wellWhenLookedAt).length >= quorum(has.length)) {
    watch.count('quorum lost by a failure at the moment of a change');
    return;
  }
  watch.violated(
    `the quorum was lost by ${by.instanceId}: ${change.kind} of ${memberId}, ${has.filter(well).length} of ${has.length} voters are well`,
  );
}

function voters(members: readonly ConfigMember[]): readonly ConfigMember[] {
  return members.filter(({ learner }) => !learner);
}

/** Nobody removes the member of an instance that is alive and in the group; its own lost disk apart. */
function checkRemoval({ watch, model, by, change, memberId, before, inGroup }: Commit): void {
  if (change.kind !== 'remove') return;
  const removed = before.find(({ id }) => id === memberId);
  const instanceId = removed?.name || model.addedBy.get(memberId);
  if (instanceId === undefined || instanceId === by.instanceId || !inGroup(instanceId)) return;
  watch.violated(`${by.instanceId} removed ${memberId}, the member of ${instanceId}, which is alive and in the group`);
}

function checkNewcomers({ watch, by, change, after }: Commit): void {
  if (change.kind !== 'add') return;
  const newcomers = after.filter(({ name, learner }) => name === '' || learner);
  if (newcomers.length > 1)
    watch.violated(`${by.instanceId} registered a second newcomer: ${newcomers.map(({ id }) => id).join(', ')}`);
}
