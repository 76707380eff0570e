/**
 * MigrateToTls: a running cluster from plain HTTP to TLS, or back, by way of members that serve both.
 *
 *   Receive the request -> Check the request -> Plan the migration -> Dry run only?  yes -> Nothing changed
 *   no -> Take the operation lock -> Begin the migration -> Go on with the migration?
 *     no (abandoned) -> End the abandoned migration -> Release the lock of the abandoned migration -> Migration abandoned
 *     yes -> Choose what every member serves next -> Another step?
 *              yes -> Reconfigure the members (ReconfigureMembers) -> Choose what every member serves next
 *              no  -> End the migration -> Release the lock -> Cluster migrated
 *
 *   A failure under the lock -> Explain the failure -> Migration halted with the lock kept
 *
 * What is next is decided from what the members serve, so that starting it again goes on, also to where it came from.
 */
import { Choice, Condition, type IChainable, JsonPath, Succeed } from 'aws-cdk-lib/aws-stepfunctions';
import { caught, explainFailure, failExplained } from './failures.ts';
import { receiveRequest, takeOperationLock } from './operation.ts';
import {
  longestReconfigurationSeconds,
  type Reconfiguration,
  type ReconfigureMembersProps,
  reconfigureStep,
} from './reconfigureMembers.ts';
import { type MachineScope, step } from './step.ts';

/** A halted one, with members that differ, to `both` and from there to the end. */
const mostSteps = 3;
/** Between two tasks that renew it: the start of the nested execution. */
const leaseSeconds = 900;
const otherTasksSeconds = 3_600;

/** When the machine as a whole gives up: after every step in it has had its time. */
export function longestMigrationSeconds(props: ReconfigureMembersProps): number {
  return mostSteps * longestReconfigurationSeconds(props) + otherTasksSeconds;
}

/** The machine's definition. */
export function migrateToTls(machine: MachineScope, props: Reconfiguration): IChainable {
  const { scope } = machine;
  const execution = '$$.Execution.Id';
  const token = '$.lock.token';
  const held = { execution, token, leaseSeconds, request: '$.request' } as const;
  const planned = { ...held, plan: '$.plan' } as const;

  const receive = receiveRequest(machine);
  const check = step(
    machine,
    'Check the request',
    'checkMigration',
    { request: '$.input' },
    { resultPath: '$.request' },
  );
  const plan = step(
    machine,
    'Plan the migration',
    'planMigration',
    { execution, request: '$.request' },
    { resultPath: '$.plan' },
  );
  const dryRun = new Choice(scope, 'Dry run only?');
  const unchanged = new Succeed(scope, 'Nothing changed', { outputPath: '$.plan' });
  const takeLock = takeOperationLock(machine, { purpose: 'MigrateToTls', leaseSeconds, joins: false });
  const begin = step(machine, 'Begin the migration', 'beginMigration', planned);
  const onward = new Choice(scope, 'Go on with the migration?');
  const choose = step(machine, 'Choose what every member serves next', 'chooseTransport', held, {
    resultPath: '$.next',
  });
  const another = new Choice(scope, 'Another step?');
  const wanted = JsonPath.objectAt('$.next.wanted');
  const reconfigure = reconfigureStep(machine, 'Reconfigure the members', props, wanted);
  const end = step(machine, 'End the migration', 'finishMigration', planned, { resultPath: '$.report' });
  const release = step(machine, 'Release the lock', 'releaseLock', { holder: execution, token });
  const migrated = new Succeed(scope, 'Cluster migrated', { outputPath: '$.report' });
  const endAbandoned = step(machine, 'End the abandoned migration', 'finishMigration', planned, {
    resultPath: '$.report',
  });
  const releaseAbandoned = step(machine, 'Release the lock of the abandoned migration', 'releaseLock', {
    holder: execution,
    token,
  });
  const abandoned = new Succeed(scope, 'Migration abandoned', { outputPath: '$.report' });

  const explainRefusal = explainFailure(machine, 'Explain the refusal');
  explainRefusal.next(failExplained(scope, 'Migration refused'));
  for (const state of [check, plan, takeLock]) state.addCatch(explainRefusal, caught);
  const explain = explainFailure(machine, 'Explain the failure');
  explain.next(
    failExplained(
      scope,
      'Migration halted with the lock kept',
      JsonPath.format(
        '{}; the lock is kept: start MigrateToTls again to go on, with another "to" to turn round, or with action abandon (runbook: docs/runbook.md#migration-halted)',
        JsonPath.stringAt('$.explanation.cause'),
      ),
    ),
  );
  for (const state of [begin, choose, reconfigure, end, release, endAbandoned, releaseAbandoned])
    state.addCatch(explain, caught);

  end.next(release).next(migrated);
  endAbandoned.next(releaseAbandoned).next(abandoned);
  reconfigure.next(choose);
  choose.next(another.when(Condition.stringEquals('$.next.step', 'reconfigure'), reconfigure).otherwise(end));
  begin.next(onward.when(Condition.stringEquals('$.request.action', 'abandon'), endAbandoned).otherwise(choose));
  takeLock.next(begin);
  return receive
    .next(check)
    .next(plan)
    .next(dryRun.when(Condition.booleanEquals('$.request.dryRun', true), unchanged).otherwise(takeLock));
}
