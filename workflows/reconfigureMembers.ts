/**
 * ReconfigureMembers: every member to one transport and one set of certificates, one by one, under the lock that the machine
 * holds that starts it (MigrateToTls, RotateCertificateAuthority).
 *
 *   Choose the next member -> Another member?
 *     yes -> Reconfigure the member -> Pause before the next member -> Choose the next member
 *     no  -> Every member reconfigured
 *
 *   A failure -> Explain the failure -> Members not reconfigured
 *
 * The wait is in the member's agent, which asks for certificates, restarts etcd in its turn where it has to, and answers once it
 * is healthy. Started again, it goes on with whoever is not as it is to be.
 */
import {
  Choice,
  Condition,
  type IChainable,
  type IStateMachine,
  JsonPath,
  Succeed,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { dataSeconds, type MemberTimes } from './dataTime.ts';
import { caught, explainFailure, failExplained } from './failures.ts';
import { longestBriefly, longestPauseSeconds, lostCallback, unreachableBriefly } from './retryPolicies.ts';
import { awaitStep, type MachineScope, nestedStep, step } from './step.ts';

export interface ReconfigureMembersProps extends MemberTimes {
  /** Members of the cluster. */
  readonly members: number;
}

/** Above the agent's own deadline. */
const marginSeconds = 300;
const otherTasksSeconds = 900;

function stepSeconds(props: ReconfigureMembersProps): number {
  return props.memberHealthyTimeoutSeconds + dataSeconds(props) + marginSeconds;
}

/** When the machine as a whole gives up: a step of each member and the pause after it. */
export function longestReconfigurationSeconds(props: ReconfigureMembersProps): number {
  const wait = (1 + lostCallback.maxAttempts) * stepSeconds(props) + longestBriefly;
  return props.members * (wait + longestPauseSeconds) + otherTasksSeconds;
}

/** The machine's definition; its input is `execution`, `token`, `wanted`, `pauseBetweenMembersSeconds` and `next.member`, empty. */
export function reconfigureMembers(machine: MachineScope, props: ReconfigureMembersProps): IChainable {
  const { scope } = machine;
  const timeoutSeconds = stepSeconds(props);
  const held = { execution: '$.execution', token: '$.token', leaseSeconds: timeoutSeconds } as const;
  const choose = step(
    machine,
    'Choose the next member',
    'chooseUnfit',
    { ...held, wanted: '$.wanted', previous: '$.next.member' },
    { resultPath: '$.next' },
  );
  const another = new Choice(scope, 'Another member?');
  const { execution, token } = held;
  const secure = awaitStep(
    machine,
    'Reconfigure the member',
    'secureMember',
    { execution, token, wanted: '$.wanted', member: '$.next.member', taskToken: '$$.Task.Token' },
    { timeoutSeconds },
  );
  secure.addRetry(lostCallback);
  secure.addRetry(unreachableBriefly);
  const pause = new Wait(scope, 'Pause before the next member', {
    time: WaitTime.secondsPath('$.pauseBetweenMembersSeconds'),
  });
  const done = new Succeed(scope, 'Every member reconfigured', { outputPath: '$.wanted' });

  const explain = explainFailure(machine, 'Explain the failure');
  explain.next(failExplained(scope, 'Members not reconfigured'));
  for (const state of [choose, secure]) state.addCatch(explain, caught);
  secure.next(pause).next(choose);
  choose.next(another.when(Condition.stringEquals('$.next.step', 'secure'), secure).otherwise(done));
  return choose;
}

/** Of a machine that starts it: room for the start of the execution. */
const startingSeconds = 3_600;

export interface Reconfiguration extends ReconfigureMembersProps {
  /** ReconfigureMembers. */
  readonly reconfigure: IStateMachine;
}

/**
 * A state that has every member reconfigured, of a machine that holds the lock at `$.lock` and was asked at `$.request`.
 * @param wanted `WantedSecurity`, of JSONPaths
 */
export function reconfigureStep(
  machine: Pick<MachineScope, 'scope'>,
  state: string,
  props: Reconfiguration,
  wanted: unknown,
): StepFunctionsStartExecution {
  return nestedStep(machine, state, {
    stateMachine: props.reconfigure,
    input: {
      execution: JsonPath.stringAt('$$.Execution.Id'),
      token: JsonPath.objectAt('$.lock.token'),
      wanted,
      // Nobody has had a step yet.
      next: { member: '' },
      pauseBetweenMembersSeconds: JsonPath.objectAt('$.request.pauseBetweenMembersSeconds'),
    },
    timeoutSeconds: longestReconfigurationSeconds(props) + startingSeconds,
  });
}
