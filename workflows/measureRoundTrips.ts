/**
 * How far two regions are from each other, measured from both sides, before it matters:
 *
 *   Find who measures -> Measure the round trips, for one instance of each region: Measure from one side
 *
 * The results are at `$.measured`. ClusterBootstrap and MultiregionMigration begin with it.
 */
import { JsonPath, Map as MapState } from 'aws-cdk-lib/aws-stepfunctions';
import type { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { MemberTimes } from './dataTime.ts';
import { longestUntilReachable, lostCallback, untilReachable } from './retryPolicies.ts';
import { awaitStep, type MachineScope, step } from './step.ts';

/**
 * 60 s for the task that sends the command, 90 s in which the agent measures again what gave nothing, 18 s for the last six tries of 3 s
 * each, which may begin just before that, and a margin.
 */
const timeoutSeconds = 60 + 90 + 18 + 60;

/** Of a task that hands a command to an agent, or looks for instances, in seconds. */
const taskSeconds = 60;

/** The longest that it takes until all is measured: both tasks wait for instances, and callbacks may get lost. */
export function longestMeasuringSeconds({ memberHealthyTimeoutSeconds }: Measured): number {
  const reaching = 2 * longestUntilReachable(memberHealthyTimeoutSeconds, taskSeconds);
  return reaching + (1 + lostCallback.maxAttempts) * timeoutSeconds;
}

type Measured = Pick<MemberTimes, 'memberHealthyTimeoutSeconds'>;

export interface Measuring {
  readonly first: LambdaInvoke;
  readonly last: MapState;
  readonly states: readonly (LambdaInvoke | MapState)[];
}

export function measureRoundTrips(machine: MachineScope, { memberHealthyTimeoutSeconds }: Measured): Measuring {
  // An instance that was just launched: it is in service first, and its agent answers a while later.
  const reachable = untilReachable(memberHealthyTimeoutSeconds);
  const find = step(machine, 'Find who measures', 'findProbes', {}, { resultPath: '$.measuring' });
  find.addRetry(reachable);
  const one = awaitStep(
    machine,
    'Measure from one side',
    'measureRoundTrips',
    { execution: '$.execution', probe: '$.probe', taskToken: '$$.Task.Token' },
    { resultPath: '$', timeoutSeconds },
  );
  one.addRetry(lostCallback);
  one.addRetry(reachable);
  const measure = new MapState(machine.scope, 'Measure the round trips', {
    itemsPath: '$.measuring.probes',
    itemSelector: {
      execution: JsonPath.stringAt('$$.Execution.Id'),
      probe: JsonPath.objectAt('$$.Map.Item.Value'),
    },
    resultPath: '$.measured',
  }).itemProcessor(one);
  find.next(measure);
  return { first: find, last: measure, states: [find, measure] };
}
