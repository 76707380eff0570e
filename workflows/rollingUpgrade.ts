/**
 * RollingUpgrade: from what the cluster runs to the etcd that was asked for, one minor at a time, one member at a time.
 *
 *   Receive the request -> Check the request -> Plan the upgrade -> Dry run only?  yes -> Nothing changed
 *   no -> Take the operation lock -> Begin the upgrade -> Go on with the upgrade?
 *     no (abandoned) -> Give the group back -> End the abandoned upgrade -> Release the lock of the abandoned upgrade
 *                       -> Upgrade abandoned
 *     yes, and the one before was halted while it replaced instances -> Give the group back before it goes on -> as if yes
 *     yes -> Choose the next hop -> Another hop?
 *              yes -> Climb one hop (UpgradeHop) -> Another hop after it?
 *                       no -> End the upgrade; yes -> Choose the next hop, or Upgrade paused with the lock kept
 *              no  -> End the upgrade -> Release the lock -> Cluster upgraded
 *
 *   A failure under the lock -> Explain the failure -> Upgrade halted with the lock kept
 *
 * What is next is decided from what the members run, so that starting it again goes on: with {"action": "resume"}, back by
 * one hop with {"action": "rollBack"}, or not at all with {"action": "abandon"}.
 */
import {
  Choice,
  Condition,
  type IChainable,
  type IStateMachine,
  JsonPath,
  Succeed,
} from 'aws-cdk-lib/aws-stepfunctions';
import { caught, explainFailure, failExplained } from './failures.ts';
import { receiveRequest, takeOperationLock } from './operation.ts';
import { type MachineScope, nestedStep, step } from './step.ts';
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
  const seconds = mostHops * longestHopSeconds(props) + otherTasksSeconds;
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
  const restoreFirst = step(machine, 'Give the group back before it goes on', 'restoreGroup', held);
  const restoreAbandoned = step(machine, 'Give the group back', 'restoreGroup', held);
  const choose = step(
    machine,
    'Choose the next hop',
    'chooseHop',
    { ...held, request: '$.request' },
    { resultPath: '$.next' },
  );
  const another = new Choice(scope, 'Another hop?');
  const climb = nestedStep(machine, 'Climb one hop', {
    stateMachine: props.hop,
    input: {
      execution: JsonPath.stringAt(execution),
      token: JsonPath.objectAt(token),
      hop: JsonPath.objectAt('$.next.hop'),
      members: JsonPath.objectAt('$.next.members'),
      backups: JsonPath.objectAt('$.next.backups'),
      v2Member: JsonPath.stringAt('$.next.v2Member'),
      strategy: JsonPath.stringAt('$.next.strategy'),
      // Nobody has had a step yet.
      next: { member: '' },
      pauseBetweenMembersSeconds: JsonPath.objectAt('$.request.pauseBetweenMembersSeconds'),
    },
    timeoutSeconds: longestHopSeconds(props) + otherTasksSeconds,
  });
  const after = new Choice(scope, 'Another hop after it?');
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
    restoreFirst,
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
  after
    .when(Condition.numberLessThanEquals('$.next.remaining', 1), end)
    .when(Condition.booleanEquals('$.request.pauseBetweenHops', true), paused)
    .otherwise(choose);
  climb.next(after);
  choose.next(another.when(Condition.stringEquals('$.next.step', 'hop'), climb).otherwise(end));
  restoreFirst.next(choose);
  restoreAbandoned.next(endAbandoned);
  begin.next(
    onward
      .when(Condition.stringEquals('$.request.action', 'abandon'), restoreAbandoned)
      .when(Condition.booleanEquals('$.plan.owesGroup', true), restoreFirst)
      .otherwise(choose),
  );
  takeLock.next(begin);
  return receive
    .next(check)
    .next(plan)
    .next(dryRun.when(Condition.booleanEquals('$.request.dryRun', true), unchanged).otherwise(takeLock));
}
