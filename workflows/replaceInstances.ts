/**
 * One instance after the other, under the lock:
 *
 *   Begin the rotation -> Choose the next instance -> Another instance to replace?
 *     yes          -> Add an instance -> Wait until a new member has joined -> Wait until the new member is healthy
 *                     -> Terminate the old instance -> Wait until the old member has left
 *     it leaves    -> Go on with the member that leaves -> Wait until the old member has left
 *     -> Note the replacement -> Pause before the next instance -> Choose the next instance
 *     no           -> No instance left
 *
 * The waits are in the agents: a member costs 10 transitions and 42 events of the history however long it takes.
 */
import { Choice, Condition, type IChainable, Pass, Succeed, Wait, WaitTime } from 'aws-cdk-lib/aws-stepfunctions';
import type { MemberTimes } from './dataTime.ts';
import { type Held, longestWaitsSeconds, memberWaits } from './memberWaits.ts';
import { type MachineScope, step } from './step.ts';

/** The longest that one replacement takes: three waits. */
export const longestReplacementSeconds = (props: MemberTimes): number => longestWaitsSeconds(props, 3);

export function replaceInstances(machine: MachineScope, held: Held, props: MemberTimes): IChainable {
  const { scope } = machine;

  const begin = step(machine, 'Begin the rotation', 'beginRotation', {
    ...held,
    request: '$.request',
    goesOnWith: '$.plan.goesOnWith',
  });
  const choose = step(machine, 'Choose the next instance', 'chooseInstance', held, { resultPath: '$.next' });
  const another = new Choice(scope, 'Another instance to replace?');
  const add = step(machine, 'Add an instance', 'addInstance', held);
  const { joined, healthy, gone } = memberWaits(machine, held, props, {
    names: { joined: 'Wait until a new member has joined', gone: 'Wait until the old member has left' },
    newcomer: { old: '$.next.old', witness: '$.next.witness', known: '$.next.known' },
    added: '$.successor',
    leaving: '$.leaving',
  });
  const terminate = step(
    machine,
    'Terminate the old instance',
    'terminateInstance',
    { ...held, old: '$.next.old', successor: '$.successor.instanceId' },
    { resultPath: '$.leaving' },
  );
  const leaves = new Pass(scope, 'Go on with the member that leaves', { inputPath: '$.next', resultPath: '$.leaving' });
  const note = step(
    machine,
    'Note the replacement',
    'noteReplacement',
    { ...held, pauseSeconds: '$.request.pauseBetweenSeconds' },
    { resultPath: '$.progress' },
  );
  const pause = new Wait(scope, 'Pause before the next instance', {
    time: WaitTime.secondsPath('$.request.pauseBetweenSeconds'),
  });
  const none = new Succeed(scope, 'No instance left');

  begin.next(choose).next(another);
  gone.next(note).next(pause).next(choose);
  another
    .when(Condition.stringEquals('$.next.step', 'replace'), add.next(joined).next(healthy).next(terminate).next(gone))
    .when(Condition.stringEquals('$.next.step', 'leave'), leaves.next(gone))
    .otherwise(none);
  return begin;
}
