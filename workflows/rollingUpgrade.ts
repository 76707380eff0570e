/**
 * RollingUpgrade: from what the cluster runs to the etcd that was asked for, one minor at a time, one member at a time.
 *
 *   Receive the request -> Check the request -> Plan the upgrade -> Dry run only?  yes -> Nothing changed
 *   no -> Take the operation lock -> Begin the upgrade -> Go on with the upgrade?
 *     no (abandoned) -> Give the group back -> End the abandoned upgrade -> Release the lock of the abandoned upgrade
 *                       -> Upgrade abandoned
 *     rolled back -> Give the group back before the rollback -> as if yes
 *     yes -> Choose the next hop -> Another hop?
 *              yes -> Climb one hop (UpgradeHop) -> Pause between hops?  yes -> Upgrade paused with the lock kept
 *                                                                        no  -> Choose the next hop
 *              no  -> End the upgrade -> Release the lock -> Cluster upgraded
 *
 *   A failure under the lock -> Explain the failure -> Upgrade halted with the lock kept
 *
 * What is next is decided from what the members run, so that starting it again goes on: with {"action": "resume"}, back by
 * one hop with {"action": "rollBack"}, or not at all with {"action": "abandon"}.
 */
import { Duration } from 'aws-cdk-lib';
import {
  Choice,
  Condition,
  type IChainable,
  IntegrationPattern,
  type IStateMachine,
  JsonPath,
  Succeed,
  TaskInput,
  Timeout,
} from 'aws-cdk-lib/aws-stepfunctions';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { caught, explainFailure, failExplained } from './failures.ts';
import { receiveRequest, takeOperationLock } from './operation.ts';
import { longestPauseSeconds, nestedNotStarted } from './retryPolicies.ts';
import { type MachineScope, step } from './step.ts';
import { longestHopSeconds, type UpgradeHopProps } from './upgradeHop.ts';

export interface RollingUpgradeProps extends UpgradeHopProps {
  /** UpgradeHop. */
  readonly hop: IStateMachine;
}

/** From 2.0 to 3.7 with a patch before each: nobody goes further. */
const mostHops = 24;
/** Between two tasks that renew it: the start of a hop. */
const leaseSeconds = 900;
const otherTasksSeconds = 3_600;

/** When the machine as a whole gives up: after every hop in it has had its time. */
export function longestUpgradeSeconds(props: UpgradeHopProps): number {
  const seconds = mostHops * (longestHopSeconds(props) + props.members * longestPauseSeconds) + otherTasksSeconds;
  // An execution of Step Functions lasts a year at most.
  return Math.min(seconds, 360 * 86_400);
}

/** The machine's definition. */
export function rollingUpgrade(machine: MachineScope, props: RollingUpgradeProps): IChainable {
  const { scope } = machine;
  const execution = '$$.Execution.Id';
  const token = '$.lock.token';
  const held = { execution, token, leaseSeconds } as const;

  const receive = receiveRequest(machine);
  const check = step(machine, 'Check the request', 'checkUpgrade', { request: '$.input' }, { resultPath: '$.request' });
  const plan = step(
    machine,
    'Plan the upgrade',
    'planUpgrade',
    { execution, request: '$.request' },
    { resultPath: '$.plan' },
  );
  const dryRun = new Choice(scope, 'Dry run only?');
  const unchanged = new Succeed(scope, 'Nothing changed', { outputPath: '$.plan' });
  const takeLock = takeOperationLock(machine, { purpose: 'RollingUpgrade', leaseSeconds, joins: false });
  const begin = step(machine, 'Begin the upgrade', 'beginUpgrade', { ...held, request: '$.request', plan: '$.plan' });
  const onward = new Choice(scope, 'Go on with the upgrade?');
  const restoreBack = step(machine, 'Give the group back before the rollback', 'restoreGroup', held);
  const restoreAbandoned = step(machine, 'Give the group back', 'restoreGroup', held);
  const choose = step(
    machine,
    'Choose the next hop',
    'chooseHop',
    { ...held, request: '$.request' },
    { resultPath: '$.next' },
  );
  const another = new Choice(scope, 'Another hop?');
  const climb = new StepFunctionsStartExecution(scope, 'Climb one hop', {
    stateMachine: props.hop,
    integrationPattern: IntegrationPattern.RUN_JOB,
    input: TaskInput.fromObject({
      execution: JsonPath.stringAt(execution),
      token: JsonPath.objectAt(token),
      hop: JsonPath.objectAt('$.next.hop'),
      members: JsonPath.objectAt('$.next.members'),
      backups: JsonPath.objectAt('$.next.backups'),
      strategy: JsonPath.stringAt('$.next.strategy'),
      pauseBetweenMembersSeconds: JsonPath.objectAt('$.request.pauseBetweenMembersSeconds'),
    }),
    taskTimeout: Timeout.duration(
      Duration.seconds(longestHopSeconds(props) + props.members * longestPauseSeconds + otherTasksSeconds),
    ),
    resultPath: JsonPath.DISCARD,
  });
  climb.addRetry(nestedNotStarted);
  const pauses = new Choice(scope, 'Pause between hops?');
  const paused = new Succeed(scope, 'Upgrade paused with the lock kept', { outputPath: '$.next' });
  const end = step(
    machine,
    'End the upgrade',
    'finishUpgrade',
    { ...held, abandoned: false },
    { resultPath: '$.report' },
  );
  const release = step(machine, 'Release the lock', 'releaseLock', { holder: execution, token });
  const upgraded = new Succeed(scope, 'Cluster upgraded', { outputPath: '$.report' });
  const endAbandoned = step(
    machine,
    'End the abandoned upgrade',
    'finishUpgrade',
    { ...held, abandoned: true },
    { resultPath: '$.report' },
  );
  const releaseAbandoned = step(machine, 'Release the lock of the abandoned upgrade', 'releaseLock', {
    holder: execution,
    token,
  });
  const abandoned = new Succeed(scope, 'Upgrade abandoned', { outputPath: '$.report' });

  const explainRefusal = explainFailure(machine, 'Explain the refusal');
  explainRefusal.next(failExplained(scope, 'Upgrade refused'));
  for (const state of [check, plan, takeLock]) state.addCatch(explainRefusal, caught);
  const explain = explainFailure(machine, 'Explain the failure');
  explain.next(
    failExplained(
      scope,
      'Upgrade halted with the lock kept',
      JsonPath.format(
        '{}; the lock is kept: start RollingUpgrade with action resume, rollBack or abandon (runbook: docs/runbook.md#upgrade-halted)',
        JsonPath.stringAt('$.explanation.cause'),
      ),
    ),
  );
  for (const state of [
    begin,
    restoreBack,
    restoreAbandoned,
    choose,
    climb,
    end,
    release,
    endAbandoned,
    releaseAbandoned,
  ])
    state.addCatch(explain, caught);

  end.next(release).next(upgraded);
  endAbandoned.next(releaseAbandoned).next(abandoned);
  pauses
    .when(
      Condition.and(
        Condition.booleanEquals('$.request.pauseBetweenHops', true),
        Condition.numberGreaterThan('$.next.remaining', 1),
      ),
      paused,
    )
    .otherwise(choose);
  climb.next(pauses);
  choose.next(another.when(Condition.stringEquals('$.next.step', 'hop'), climb).otherwise(end));
  restoreBack.next(choose);
  restoreAbandoned.next(endAbandoned);
  begin.next(
    onward
      .when(Condition.stringEquals('$.request.action', 'abandon'), restoreAbandoned)
      .when(Condition.stringEquals('$.request.action', 'rollBack'), restoreBack)
      .otherwise(choose),
  );
  takeLock.next(begin);
  return receive
    .next(check)
    .next(plan)
    .next(dryRun.when(Condition.booleanEquals('$.request.dryRun', true), unchanged).otherwise(takeLock));
}
