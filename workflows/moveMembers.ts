/**
 * One member after the other into a region, or out of one, under the lock:
 *
 *   Let members join -> Choose the next move -> What is next?
 *     a member joins   -> Add an instance -> Wait until the new member has joined -> Wait until the new member is healthy -> Choose the next move
 *     a member leaves  -> Take an instance out -> Wait until the member has left -> Choose the next move
 *     it leaves already -> Wait until the member has left
 *     nothing          -> Every member in its place
 *
 * The waits are in the agents.
 */
import { Choice, Condition, type IChainable, Succeed } from 'aws-cdk-lib/aws-stepfunctions';
import type { MemberTimes } from './dataTime.ts';
import { type Held, longestWaitsSeconds, memberWaits } from './memberWaits.ts';
import { type MachineScope, step } from './step.ts';

/** The longest that one move takes: two waits. */
export const longestMoveSeconds = (props: MemberTimes): number => longestWaitsSeconds(props, 2);

export function moveMembers(machine: MachineScope, held: Held, props: MemberTimes): IChainable {
  const { scope } = machine;

  const open = step(machine, 'Let members join', 'openMembership', held);
  const choose = step(machine, 'Choose the next move', 'chooseMove', held, { resultPath: '$.move' });
  const next = new Choice(scope, 'What is next?');
  const add = step(machine, 'Add an instance', 'addMember', { ...held, move: '$.move' });
  const { joined, healthy, gone } = memberWaits(machine, held, props, {
    names: { joined: 'Wait until the new member has joined', gone: 'Wait until the member has left' },
    newcomer: { old: '$.move.label', witness: '$.move.witness', known: '$.move.known' },
    added: '$.added',
    leaving: '$.move',
  });
  const remove = step(machine, 'Take an instance out', 'removeMember', { ...held, move: '$.move' });
  const done = new Succeed(scope, 'Every member in its place');

  open.next(choose).next(next);
  add.next(joined).next(healthy).next(choose);
  remove.next(gone);
  gone.next(choose);
  next
    .when(Condition.stringEquals('$.move.step', 'add'), add)
    .when(Condition.stringEquals('$.move.step', 'remove'), remove)
    .when(Condition.stringEquals('$.move.step', 'leaves'), gone)
    .otherwise(done);
  return open;
}
