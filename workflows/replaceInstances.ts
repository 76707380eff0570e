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
import { longestBriefly, lostCallback, newcomerUnreachable, unreachableBriefly } from './retryPolicies.ts';
import { awaitStep, type MachineScope, type Path, step } from './step.ts';

export interface Held {
  readonly execution: Path;
  readonly token: Path;
  readonly leaseSeconds: number;
}

export interface ReplaceInstancesProps {
  readonly memberHealthyTimeoutSeconds: number;
}

/** Above the agent's own deadline, so that normally the agent says why. */
const marginSeconds = 60;
/** Tasks that only read and write, in seconds for all of one member. */
const otherTasksSeconds = 600;

/** The longest that one replacement takes: three waits, each of which may lose its callback. */
export function longestReplacementSeconds(memberSeconds: number): number {
  const wait = (1 + lostCallback.maxAttempts) * (memberSeconds + marginSeconds) + longestBriefly;
  return 3 * wait + otherTasksSeconds;
}

export function replaceInstances(machine: MachineScope, held: Held, props: ReplaceInstancesProps): IChainable {
  const { scope } = machine;
  const { execution, token } = held;
  const timeoutSeconds = props.memberHealthyTimeoutSeconds + marginSeconds;

  const begin = step(machine, 'Begin the rotation', 'beginRotation', {
    ...held,
    request: '$.request',
    goesOnWith: '$.plan.goesOnWith',
  });
  const choose = step(machine, 'Choose the next instance', 'chooseInstance', held, { resultPath: '$.next' });
  const another = new Choice(scope, 'Another instance to replace?');
  const add = step(machine, 'Add an instance', 'addInstance', held);
  const joined = awaitStep(
    machine,
    'Wait until a new member has joined',
    'awaitNewMember',
    {
      execution,
      token,
      old: '$.next.old',
      witness: '$.next.witness',
      known: '$.next.known',
      taskToken: '$$.Task.Token',
    },
    { resultPath: '$.successor', timeoutSeconds },
  );
  const healthy = awaitStep(
    machine,
    'Wait until the new member is healthy',
    'awaitSuccessorHealth',
    { execution, token, successor: '$.successor', taskToken: '$$.Task.Token' },
    { timeoutSeconds },
  );
  const terminate = step(
    machine,
    'Terminate the old instance',
    'terminateInstance',
    { ...held, old: '$.next.old', successor: '$.successor.instanceId' },
    { resultPath: '$.leaving' },
  );
  const leaves = new Pass(scope, 'Go on with the member that leaves', { inputPath: '$.next', resultPath: '$.leaving' });
  const gone = awaitStep(
    machine,
    'Wait until the old member has left',
    'awaitMemberGone',
    { execution, token, leaving: '$.leaving', taskToken: '$$.Task.Token' },
    { timeoutSeconds },
  );
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

  for (const state of [joined, healthy, gone]) state.addRetry(lostCallback);
  joined.addRetry(unreachableBriefly);
  healthy.addRetry(newcomerUnreachable);
  gone.addRetry(unreachableBriefly);

  begin.next(choose).next(another);
  gone.next(note).next(pause).next(choose);
  another
    .when(Condition.stringEquals('$.next.step', 'replace'), add.next(joined).next(healthy).next(terminate).next(gone))
    .when(Condition.stringEquals('$.next.step', 'leave'), leaves.next(gone))
    .otherwise(none);
  return begin;
}
