/**
 * MultiregionMigration: a running cluster into a second region, out of it again, or to other numbers of members in the two.
 *
 *   Receive the request -> Check the request -> Plan the change of regions -> Dry run only?  yes -> Nothing changed
 *   no -> Take the operation lock -> Begin the change of regions -> What was asked for?
 *     abandon -> End the abandoned change -> Release the lock of the abandoned change -> Change abandoned
 *     a second region -> Enable the second region -> Find who measures -> Measure the round trips (Map)
 *                        -> Set the timing of the members -> Wait until every member has the timing (Map) -> Move the members
 *     one region -> Move the members
 *
 *   Move the members (moveMembers.ts) -> One region left?
 *     yes -> Set the timing of one region -> Wait until every member has it back (Map) -> End the change of regions
 *     no  -> End the change of regions -> Release the lock -> Regions changed
 *
 *   The regions are too far from each other -> Take the measuring instance back -> Explain why -> Release the lock after the refusal -> ...
 *   Any other failure under the lock -> Explain the failure -> Change halted with the lock kept
 *
 * What is next is decided from where the members are, so that starting it again goes on: with {"action": "resume"}, back to where it came
 * from with {"action": "rollBack"}, or not at all with {"action": "abandon"}.
 */
import {
  Choice,
  Condition,
  type IChainable,
  JsonPath,
  Map as MapState,
  Parallel,
  Succeed,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { FaultName } from '#etcd/faults.ts';
import { dataSeconds, type MemberTimes } from './dataTime.ts';
import { caught, explainFailure, failExplained } from './failures.ts';
import { longestMeasuringSeconds, measureRoundTrips } from './measureRoundTrips.ts';
import type { Held } from './memberWaits.ts';
import { longestMoveSeconds, moveMembers } from './moveMembers.ts';
import { receiveRequest, takeOperationLock } from './operation.ts';
import { lostCallback, unreachableBriefly } from './retryPolicies.ts';
import { awaitStep, type MachineScope, step } from './step.ts';

/** From seven in one region to three and three: one is added and one leaves, each time. */
const mostMoves = 14;
/** Members that restart one after the other. */
const mostMembers = 8;
const marginSeconds = 300;
const otherTasksSeconds = 3_600;

/** When the machine as a whole gives up: after every wait in it has had its time. */
export function longestRegionChangeSeconds(props: MemberTimes): number {
  const timing = 2 * (1 + lostCallback.maxAttempts) * timingSeconds(props);
  return mostMoves * longestMoveSeconds(props) + timing + longestMeasuringSeconds(props) + otherTasksSeconds;
}

/** All members restart within one wait, one after the other: longer than the agent of the last one waits, with its data counted once for each. */
function timingSeconds(props: MemberTimes): number {
  return mostMembers * (props.memberHealthyTimeoutSeconds + dataSeconds(props)) + marginSeconds;
}

/** The machine's definition. */
export function multiregionMigration(machine: MachineScope, props: MemberTimes): IChainable {
  const { scope } = machine;
  const execution = '$$.Execution.Id';
  const token = '$.lock.token';
  // The longest waits between two steps that renew it.
  const leaseSeconds = Math.max(timingSeconds(props), longestMeasuringSeconds(props)) + marginSeconds;
  const held = { execution, token, leaseSeconds } as const;

  const receive = receiveRequest(machine);
  const check = step(
    machine,
    'Check the request',
    'checkRegionChange',
    { request: '$.input' },
    { resultPath: '$.request' },
  );
  const plan = step(
    machine,
    'Plan the change of regions',
    'planRegionChange',
    { execution, request: '$.request' },
    { resultPath: '$.plan' },
  );
  const dryRun = new Choice(scope, 'Dry run only?');
  const unchanged = new Succeed(scope, 'Nothing changed', { outputPath: '$.plan' });
  const takeLock = takeOperationLock(machine, { purpose: 'MultiregionMigration', leaseSeconds, joins: false });
  const begin = step(machine, 'Begin the change of regions', 'beginRegionChange', {
    ...held,
    request: '$.request',
    plan: '$.plan',
  });
  const asked = new Choice(scope, 'What was asked for?');
  const enable = step(machine, 'Enable the second region', 'enableRegion', held);
  const measure = measureRoundTrips(machine, props);
  const setTiming = step(
    machine,
    'Set the timing of the members',
    'changeTiming',
    { ...held, measured: '$.measured', maxRoundTripMs: '$.plan.maxRoundTripMs' },
    { resultPath: '$.timing' },
  );
  const timed = everyMemberTimed(
    machine,
    props,
    'Wait until every member has the timing',
    'Wait for the member to beat so',
  );
  // A branch of its own, so that the console shows it as one part.
  const move = new Parallel(scope, 'Move the members', { resultPath: JsonPath.DISCARD });
  move.branch(moveMembers(machine, held, props));
  const one = new Choice(scope, 'One region left?');
  const resetTiming = step(
    machine,
    'Set the timing of one region',
    'changeTiming',
    { ...held, measured: [], maxRoundTripMs: '$.plan.maxRoundTripMs' },
    { resultPath: '$.timing' },
  );
  const timedBack = everyMemberTimed(
    machine,
    props,
    'Wait until every member has it back',
    'Wait for the member to beat as before',
  );
  const end = step(
    machine,
    'End the change of regions',
    'finishRegionChange',
    { ...held, steps: '$.plan.steps' },
    { resultPath: '$.report' },
  );
  const release = step(machine, 'Release the lock', 'releaseLock', { holder: execution, token });
  const changed = new Succeed(scope, 'Regions changed', { outputPath: '$.report' });
  const endAbandoned = step(machine, 'End the abandoned change', 'abandonRegionChange', held, {
    resultPath: '$.report',
  });
  const releaseAbandoned = step(machine, 'Release the lock of the abandoned change', 'releaseLock', {
    holder: execution,
    token,
  });
  const abandoned = new Succeed(scope, 'Change abandoned', { outputPath: '$.report' });

  const explainRefusal = explainFailure(machine, 'Explain the refusal');
  explainRefusal.next(failExplained(scope, 'Change refused'));
  for (const state of [check, plan, takeLock]) state.addCatch(explainRefusal, caught);

  const explain = explainFailure(machine, 'Explain the failure');
  explain.next(
    failExplained(
      scope,
      'Change halted with the lock kept',
      JsonPath.format(
        '{}; the lock is kept: start MultiregionMigration with action resume, rollBack or abandon (runbook: docs/runbook.md#regions-halted)',
        JsonPath.stringAt('$.explanation.cause'),
      ),
    ),
  );
  const tooFar: FaultName[] = ['RegionsTooFar'];
  setTiming.addCatch(refusedAfterMeasuring(machine, held, explain), { errors: tooFar, ...caught });
  for (const state of [begin, enable, ...measure.states, setTiming, timed, move, resetTiming, timedBack])
    state.addCatch(explain, caught);
  for (const state of [end, release, endAbandoned, releaseAbandoned]) state.addCatch(explain, caught);

  end.next(release).next(changed);
  endAbandoned.next(releaseAbandoned).next(abandoned);
  resetTiming.next(timedBack).next(end);
  move.next(one);
  one.when(Condition.numberEquals('$.plan.to.remote', 0), resetTiming).otherwise(end);
  enable.next(measure.first);
  measure.last.next(setTiming).next(timed).next(move);
  begin.next(
    asked
      .when(Condition.stringEquals('$.plan.action', 'abandon'), endAbandoned)
      .when(Condition.booleanEquals('$.plan.enables', true), enable)
      .otherwise(move),
  );
  takeLock.next(begin);
  return receive
    .next(check)
    .next(plan)
    .next(dryRun.when(Condition.booleanEquals('$.request.dryRun', true), unchanged).otherwise(takeLock));
}

/** All wait at the same time; their agents restart them one after the other. */
function everyMemberTimed(machine: MachineScope, props: MemberTimes, all: string, each: string): MapState {
  const one = awaitStep(
    machine,
    each,
    'awaitTiming',
    {
      execution: '$.execution',
      token: '$.token',
      member: '$.member',
      timing: '$.timing',
      taskToken: '$$.Task.Token',
    },
    { timeoutSeconds: timingSeconds(props) },
  );
  one.addRetry(lostCallback);
  one.addRetry(unreachableBriefly);
  return new MapState(machine.scope, all, {
    itemsPath: '$.timing.members',
    itemSelector: {
      execution: JsonPath.stringAt('$$.Execution.Id'),
      token: JsonPath.numberAt('$.lock.token'),
      member: JsonPath.stringAt('$$.Map.Item.Value'),
      timing: JsonPath.objectAt('$.timing'),
    },
    resultPath: JsonPath.DISCARD,
  }).itemProcessor(one);
}

/** Nothing was changed but that an instance is there, which goes again; the lock is freed. Where members have moved already, it is halted. */
function refusedAfterMeasuring(machine: MachineScope, held: Held, failed: LambdaInvoke) {
  const { scope } = machine;
  const { execution, token } = held;
  const disable = step(machine, 'Take the measuring instance back', 'disableRegion', held);
  const end = step(machine, 'End the refused change', 'abandonRegionChange', held);
  const explain = explainFailure(machine, 'Explain why the regions are too far');
  const release = step(machine, 'Release the lock after the refusal', 'releaseLock', { holder: execution, token });
  const refused = failExplained(scope, 'Change refused after measuring');
  for (const state of [disable, end, explain, release]) state.addCatch(failed, { resultPath: '$.trouble' });
  return disable.next(end).next(explain).next(release).next(refused);
}
