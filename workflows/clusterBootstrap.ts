/**
 * ClusterBootstrap: from a group of empty instances to a cluster that is recorded as created.
 *
 *   Receive the request -> Check the request -> Read the cluster record -> Record written already?
 *     no  -> Find the instances in service -> Enough instances in service? -> (wait, look again)
 *            -> (in two regions: Find who measures -> Measure the round trips -> Record the timing) -> Write the bootstrap record
 *     yes -> ...
 *   -> every member: Wait until the member is healthy (lost callback: Ask the member what became of it)
 *   -> Confirm the membership -> Mark the cluster created -> Cluster created
 *
 * Starting it again at any moment converges: the record is written once, and members that are healthy stay so. On a cluster
 * that was created before, it waits until the group's members are healthy and changes nothing.
 */
import { Duration } from 'aws-cdk-lib';
import {
  Chain,
  Choice,
  Condition,
  Fail,
  type IChainable,
  JsonPath,
  Map as MapState,
  Pass,
  Succeed,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { caught, explainFailure, failExplained } from './failures.ts';
import { longestMeasuringSeconds, measureRoundTrips } from './measureRoundTrips.ts';
import { longestUntilReachable, untilReachable } from './retryPolicies.ts';
import { awaitStep, type MachineScope, step } from './step.ts';

export interface ClusterBootstrapProps {
  readonly memberHealthyTimeoutSeconds: number;
  /** Of a cluster in two regions: they are measured before the members start. */
  readonly severalRegions: boolean;
}

/** Above the agent's own deadline, so that normally the agent says why. */
const marginSeconds = 60;
/** Times a member is asked to wait again after a lost callback. */
const attempts = 3;

/** Of a task that hands a command to an agent, in seconds: its time-out in the catalogue. */
const commandTaskSeconds = 60;
/** Room for the tasks that only read and write. */
const otherTasksSeconds = 600;

/** When the machine as a whole gives up: after every wait in it has had its time, so that the state that waits says why. */
export function longestSeconds(props: ClusterBootstrapProps, instancesSeconds: number): number {
  const { memberHealthyTimeoutSeconds: memberSeconds, severalRegions } = props;
  const reach = longestUntilReachable(memberSeconds, commandTaskSeconds);
  const members = attempts * (2 * reach + memberSeconds + marginSeconds);
  return instancesSeconds + (severalRegions ? longestMeasuringSeconds(props) : 0) + members + otherTasksSeconds;
}

/** The machine's definition. */
export function clusterBootstrap(machine: MachineScope, props: ClusterBootstrapProps): IChainable {
  const { scope } = machine;
  const execution = '$$.Execution.Id';

  // What an operator typed may be no object at all: it is put into one, so that a refusal has where to go.
  const receive = new Pass(scope, 'Receive the request', {
    parameters: {
      request: JsonPath.objectAt('$$.Execution.Input'),
      startTime: JsonPath.stringAt('$$.Execution.StartTime'),
    },
  });
  const checkRequest = step(
    machine,
    'Check the request',
    'checkRequest',
    { request: '$.request', startTime: '$.startTime' },
    { resultPath: '$.checked' },
  );
  const readRecord = step(machine, 'Read the cluster record', 'readClusterRecord', {}, { resultPath: '$.record' });
  const written = new Choice(scope, 'Record written already?');
  const find = step(
    machine,
    'Find the instances in service',
    'findInstances',
    { deadline: '$.checked.instancesDeadline' },
    { resultPath: '$.found' },
  );
  const enough = new Choice(scope, 'Enough instances in service?');
  const wait = new Wait(scope, 'Wait for more instances', { time: WaitTime.duration(Duration.seconds(2)) });
  const write = step(
    machine,
    'Write the bootstrap record',
    'writeBootstrapRecord',
    { execution, found: '$.found.instances' },
    { resultPath: '$.record' },
  );
  const everyMember = new MapState(scope, 'Wait until every member is healthy', {
    itemsPath: '$.record.members',
    itemSelector: {
      execution: JsonPath.stringAt(execution),
      attempt: 1,
      member: JsonPath.objectAt('$$.Map.Item.Value'),
      members: JsonPath.objectAt('$.record.names'),
      etcdVersion: JsonPath.objectAt('$.record.etcdVersion'),
    },
    resultPath: '$.healthy',
  }).itemProcessor(oneMember(machine, props));
  const confirm = step(
    machine,
    'Confirm the membership',
    'confirmMembership',
    { members: '$.healthy' },
    { resultPath: '$.membership' },
  );
  const markCreated = step(
    machine,
    'Mark the cluster created',
    'markCreated',
    { execution, membership: '$.membership' },
    { resultPath: '$.created' },
  );
  const created = new Succeed(scope, 'Cluster created', { outputPath: '$.membership' });

  const explain = explainFailure(machine, 'Explain the failure');
  const failed = failExplained(scope, 'Bootstrap failed');
  explain.next(failed);
  for (const state of [checkRequest, readRecord, find, write, confirm, markCreated]) state.addCatch(explain, caught);
  everyMember.addCatch(explain, caught);

  const members = everyMember.next(confirm).next(markCreated).next(created);
  write.next(members);
  const found = props.severalRegions ? measuredBefore(machine, props, write, explain) : write;
  find.next(enough.when(Condition.stringEquals('$.found.verdict', 'ready'), found).otherwise(wait));
  wait.next(find);
  return receive
    .next(checkRequest)
    .next(readRecord)
    .next(written.when(Condition.stringEquals('$.record.state', 'written'), members).otherwise(find));
}

/** In two regions: how far they are from each other is in the record before the first member reads it. */
function measuredBefore(
  machine: MachineScope,
  props: ClusterBootstrapProps,
  write: LambdaInvoke,
  explain: LambdaInvoke,
): LambdaInvoke {
  const measure = measureRoundTrips(machine, props);
  const record = step(
    machine,
    'Record the timing',
    'recordTiming',
    { execution: '$$.Execution.Id', measured: '$.measured' },
    { resultPath: '$.timing' },
  );
  for (const state of [...measure.states, record]) state.addCatch(explain, caught);
  measure.last.next(record).next(write);
  return measure.first;
}

/** One member: its agent finishes the state; where the callback got lost, the agent's ledger decides. */
function oneMember(machine: MachineScope, { memberHealthyTimeoutSeconds }: ClusterBootstrapProps): IChainable {
  const { scope } = machine;
  const reachable = untilReachable(memberHealthyTimeoutSeconds);
  const healthy = awaitStep(
    machine,
    'Wait until the member is healthy',
    'awaitMemberHealth',
    {
      execution: '$.execution',
      attempt: '$.attempt',
      member: '$.member',
      members: '$.members',
      etcdVersion: '$.etcdVersion',
      taskToken: '$$.Task.Token',
    },
    { resultPath: '$.health', timeoutSeconds: memberHealthyTimeoutSeconds + marginSeconds },
  );
  const ask = step(
    machine,
    'Ask the member what became of it',
    'describeMember',
    { execution: '$.execution', attempt: '$.attempt', member: '$.member' },
    { resultPath: '$.command' },
  );
  const became = new Choice(scope, 'What became of the command?');
  const recorded = new Pass(scope, 'Take the recorded answer', {
    inputPath: '$.command.result',
    resultPath: '$.health',
  });
  const again = new Pass(scope, 'Wait once more', { inputPath: '$.command.nextAttempt', resultPath: '$.attempt' });
  const unhealthy = new Fail(scope, 'Member not healthy', {
    errorPath: '$.command.fault',
    causePath: '$.command.cause',
  });
  const report = new Pass(scope, 'Report the healthy member', { outputPath: '$.health' });

  healthy.addRetry(reachable);
  healthy.addCatch(ask, { errors: ['States.Timeout', 'States.HeartbeatTimeout'], resultPath: '$.lost' });
  ask.addRetry(reachable);
  const open = Condition.or(
    Condition.stringEquals('$.command.status', 'running'),
    Condition.stringEquals('$.command.status', 'unknown'),
  );
  became
    .when(Condition.stringEquals('$.command.status', 'succeeded'), recorded.next(report))
    .when(Condition.and(open, Condition.numberLessThanEquals('$.command.nextAttempt', attempts)), again.next(healthy))
    .otherwise(unhealthy);
  ask.next(became);
  return Chain.start(healthy).next(report);
}
