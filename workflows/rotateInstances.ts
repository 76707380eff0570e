/**
 * RotateInstances: every instance of the group, or those that were named, replaced one by one, the successor first.
 *
 *   Receive the request -> Check the request -> Check the cluster -> Dry run only?  yes -> Nothing changed
 *   no -> Take the operation lock -> Replace the instances (replaceInstances.ts) -> Give the group back -> Release the lock
 *   -> Instances rotated
 *
 *   A failure under the lock -> Put the group back after the failure -> Judge the cluster after the failure
 *   -> Explain the failure -> Cluster state clear?  yes -> Release the lock after the failure -> Rotation failed
 *                                                   no  -> Rotation failed with the lock kept
 *
 * Starting it again converges: what is done and what is to be put back is in the record, and each step looks before it acts.
 */
import { Choice, Condition, type IChainable, JsonPath, Parallel, Pass, Succeed } from 'aws-cdk-lib/aws-stepfunctions';
import { dataSeconds, type MemberTimes } from './dataTime.ts';
import { caught, explainFailure, failExplained } from './failures.ts';
import type { Held } from './memberWaits.ts';
import { receiveRequest, takeOperationLock } from './operation.ts';
import { longestReplacementSeconds, replaceInstances } from './replaceInstances.ts';
import { longestPauseSeconds } from './retryPolicies.ts';
import { type MachineScope, step } from './step.ts';

export interface RotateInstancesProps extends MemberTimes {
  /** Members of the cluster. */
  readonly members: number;
}

/** Longer than the longest wait under the lock, with room for the tasks around it. */
const leaseMarginSeconds = 300;
/** Room for what comes before and after the replacements. */
const otherTasksSeconds = 1_800;

/** When the machine as a whole gives up: after every wait in it has had its time, so that the state that waits says why. */
export function longestRotationSeconds(props: RotateInstancesProps): number {
  return props.members * (longestReplacementSeconds(props) + longestPauseSeconds) + otherTasksSeconds;
}

/** The machine's definition. */
export function rotateInstances(machine: MachineScope, props: RotateInstancesProps): IChainable {
  const { scope } = machine;
  const execution = '$$.Execution.Id';
  const leaseSeconds = props.memberHealthyTimeoutSeconds + dataSeconds(props) + leaseMarginSeconds;
  const held: Held = { execution, token: '$.lock.token', leaseSeconds };

  const receive = receiveRequest(machine);
  const checkRequest = step(
    machine,
    'Check the request',
    'checkRotation',
    { request: '$.input' },
    { resultPath: '$.request' },
  );
  const checkCluster = step(
    machine,
    'Check the cluster',
    'checkCluster',
    { execution, request: '$.request' },
    { resultPath: '$.plan' },
  );
  const dryRun = new Choice(scope, 'Dry run only?');
  const unchanged = new Succeed(scope, 'Nothing changed', { outputPath: '$.plan' });
  const takeLock = takeOperationLock(machine, { purpose: 'RotateInstances', leaseSeconds, joins: true });
  // A branch of its own, so that one Catch covers all that is done under the lock.
  const replace = new Parallel(scope, 'Replace the instances', { resultPath: JsonPath.DISCARD });
  replace.branch(replaceInstances(machine, held, props));
  const restore = step(machine, 'Give the group back', 'restoreGroup', held, { resultPath: '$.report' });
  const release = step(machine, 'Release the lock', 'releaseLock', { holder: execution, token: held.token });
  const rotated = new Succeed(scope, 'Instances rotated', { outputPath: '$.report' });

  const explainRefusal = explainFailure(machine, 'Explain the refusal');
  const refused = failExplained(scope, 'Rotation refused');
  explainRefusal.next(refused);
  for (const state of [checkRequest, checkCluster, takeLock]) state.addCatch(explainRefusal, caught);
  const recovery = afterFailure(machine, held);
  for (const state of [replace, restore, release]) state.addCatch(recovery, caught);

  const rotation = takeLock.next(replace).next(restore).next(release).next(rotated);
  return receive
    .next(checkRequest)
    .next(checkCluster)
    .next(dryRun.when(Condition.booleanEquals('$.request.dryRun', true), unchanged).otherwise(rotation));
}

/** The group is put back first; the lock is kept only where somebody has to look before anything else is changed. */
function afterFailure(machine: MachineScope, held: Held) {
  const { scope } = machine;
  const { execution, token } = held;
  const restore = step(machine, 'Put the group back after the failure', 'restoreGroup', held);
  const judge = step(
    machine,
    'Judge the cluster after the failure',
    'judgeCluster',
    { execution },
    { resultPath: '$.judgement' },
  );
  const doubt = new Pass(scope, 'Take the state for unclear', {
    parameters: {
      verdict: 'unclear',
      reason: JsonPath.format('the group was not put back ({})', JsonPath.stringAt('$.trouble.Error')),
    },
    resultPath: '$.judgement',
  });
  const explain = explainFailure(machine, 'Explain the failure');
  const clear = new Choice(scope, 'Cluster state clear?');
  const release = step(machine, 'Release the lock after the failure', 'releaseLock', { holder: execution, token });
  const failed = failExplained(scope, 'Rotation failed');
  const kept = failExplained(
    scope,
    'Rotation failed with the lock kept',
    JsonPath.format(
      '{}; the lock is kept, as the state of the cluster is not clear: {} (runbook: docs/runbook.md#rotation-failed)',
      JsonPath.stringAt('$.explanation.cause'),
      JsonPath.stringAt('$.judgement.reason'),
    ),
  );
  for (const state of [restore, judge]) state.addCatch(doubt, { resultPath: '$.trouble' });
  release.addCatch(failed, { resultPath: JsonPath.DISCARD });
  doubt.next(explain);
  release.next(failed);
  clear.when(Condition.stringEquals('$.judgement.verdict', 'clear'), release).otherwise(kept);
  explain.next(clear);
  return restore.next(judge).next(explain);
}
