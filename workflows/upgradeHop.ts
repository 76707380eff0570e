/**
 * UpgradeHop: every member from one release to the next, one by one, under the lock that RollingUpgrade holds.
 *
 *   Make the release present on every member -> Back up the cluster -> Anything to do about the v2 store?
 *     Delete the keys of the v2 store, or Check that the v2 store of every member is empty
 *   -> Replace the instances?
 *     yes -> Let new members join -> Replace the instances (replaceInstances.ts) -> Give the group back -> Let nobody join any more
 *   -> Choose the next member -> Another member to upgrade?
 *     yes -> Upgrade the member -> Pause before the next member -> Choose the next member
 *     no  -> Wait until every member reports the new cluster version -> Raft snapshots needed?
 *            yes -> Have every member take a raft snapshot
 *         -> Note the hop -> Hop done
 *
 * The waits are in the agents: a member costs 8 transitions and 40 events of the history however long it takes. Started again,
 * it goes on with whoever does not run the release yet.
 */
import {
  Choice,
  Condition,
  type IChainable,
  JsonPath,
  Map as MapState,
  Parallel,
  Succeed,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { dataSeconds, type MemberTimes } from './dataTime.ts';
import { caught, explainFailure, failExplained } from './failures.ts';
import type { Held } from './memberWaits.ts';
import { longestReplacementSeconds, replaceInstances } from './replaceInstances.ts';
import { longestBriefly, longestPauseSeconds, lostCallback, unreachableBriefly } from './retryPolicies.ts';
import { awaitStep, type MachineScope, type Path, type Payload, step } from './step.ts';

export interface UpgradeHopProps extends MemberTimes {
  /** Members of the cluster. */
  readonly members: number;
}

/** Above the agent's own deadline. A snapshot of 2.x may be larger than a database may. */
const marginSeconds = 300;
const otherTasksSeconds = 1_800;
/** A snapshot and its transfer, an hour each, with room. */
const backupSeconds = 10_800;

/** The longest that one hop takes: an installation, a step of each member and the pause after it, the flip, the snapshots. */
export function longestHopSeconds(props: UpgradeHopProps): number {
  const wait = (1 + lostCallback.maxAttempts) * stepSeconds(props) + longestBriefly;
  const replacements = props.members * longestReplacementSeconds(props);
  const pauses = props.members * longestPauseSeconds;
  return (props.members + 3) * wait + replacements + pauses + 3 * backupSeconds + otherTasksSeconds;
}

function stepSeconds(props: UpgradeHopProps): number {
  return props.memberHealthyTimeoutSeconds + dataSeconds(props) + marginSeconds;
}

type MemberTask =
  | 'installRelease'
  | 'backUpMember'
  | 'deleteV2Keys'
  | 'checkV2Store'
  | 'upgradeMember'
  | 'awaitClusterVersion'
  | 'takeRaftSnapshot';

/** The machine's definition; its input is what RollingUpgrade gives it. */
export function upgradeHop(machine: MachineScope, props: UpgradeHopProps): IChainable {
  const { scope } = machine;
  const timeoutSeconds = stepSeconds(props);
  const held = { execution: '$.execution', token: '$.token', leaseSeconds: timeoutSeconds } as const;

  /** A command to one member's agent, which finishes the state; `more` goes to its task besides. */
  function ofMember<Name extends MemberTask>(
    state: string,
    task: Name,
    member: Path,
    more: Partial<Payload<Name>> = {},
    seconds = timeoutSeconds,
  ): LambdaInvoke {
    const { execution, token } = held;
    const payload = { execution, token, hop: '$.hop', member, taskToken: '$$.Task.Token', ...more } as Payload<Name>;
    const waits = awaitStep(machine, state, task, payload, { resultPath: '$.done', timeoutSeconds: seconds });
    waits.addRetry(lostCallback);
    waits.addRetry(unreachableBriefly);
    return waits;
  }

  /** The inner state for each item, which it finds under this name. */
  function forEach(
    state: string,
    inner: LambdaInvoke,
    itemsPath: Path,
    name: 'member' | 'backup' = 'member',
    resultPath: string = JsonPath.DISCARD,
  ): MapState {
    return new MapState(scope, state, {
      // Backups lie on the members' data volumes until they are sent, and the disks are the cluster's.
      ...(name === 'backup' && { maxConcurrency: 1 }),
      itemsPath,
      itemSelector: {
        execution: JsonPath.objectAt('$.execution'),
        token: JsonPath.objectAt('$.token'),
        hop: JsonPath.objectAt('$.hop'),
        [name]: JsonPath.objectAt('$$.Map.Item.Value'),
      },
      resultPath,
    }).itemProcessor(inner);
  }

  const install = ofMember('Install the release', 'installRelease', '$.member');
  const present = forEach('Make the release present on every member', install, '$.members');
  const backUpOne = ofMember(
    'Back up the member',
    'backUpMember',
    '$.backup.member',
    { format: '$.backup.format' },
    backupSeconds,
  );
  const backup = forEach('Back up the cluster', backUpOne, '$.backups', 'backup');
  const v2 = new Choice(scope, 'Anything to do about the v2 store?');
  const deleted = ofMember('Delete the keys of the v2 store', 'deleteV2Keys', '$.v2Member');
  const look = ofMember('Look through the v2 store', 'checkV2Store', '$.member');
  const empty = forEach('Check that the v2 store of every member is empty', look, '$.members');
  const choose = step(
    machine,
    'Choose the next member',
    'chooseMember',
    { ...held, hop: '$.hop', previous: '$.next.member' },
    { resultPath: '$.next' },
  );
  const another = new Choice(scope, 'Another member to upgrade?');
  const upgrade = ofMember('Upgrade the member', 'upgradeMember', '$.next.member');
  const pause = new Wait(scope, 'Pause before the next member', {
    time: WaitTime.secondsPath('$.pauseBetweenMembersSeconds'),
  });
  const report = ofMember('Wait until the member reports it', 'awaitClusterVersion', '$.member');
  const flipped = forEach(
    'Wait until every member reports the new cluster version',
    report,
    '$.next.members',
    'member',
    '$.flipped',
  );
  const needed = new Choice(scope, 'Raft snapshots needed?');
  const take = ofMember('Have the member take a raft snapshot', 'takeRaftSnapshot', '$.member');
  const taken = forEach('Have every member take a raft snapshot', take, '$.next.members');
  const note = step(machine, 'Note the hop', 'noteHop', { ...held, hop: '$.hop', flipped: '$.flipped[*].done' }, {});
  const done = new Succeed(scope, 'Hop done', { outputPath: '$.hop' });

  const explain = explainFailure(machine, 'Explain the failure');
  explain.next(failExplained(scope, 'Hop failed'));
  for (const state of [present, backup, deleted, empty, choose, upgrade, flipped, taken, note])
    state.addCatch(explain, caught);

  present.next(backup).next(v2);
  const replaces = replacement(machine, held, props, { explain, next: choose });
  v2.when(Condition.booleanEquals('$.hop.deletesV2Keys', true), deleted)
    .when(Condition.booleanEquals('$.hop.checksV2Store', true), empty)
    .otherwise(replaces);
  deleted.next(replaces);
  empty.next(replaces);
  choose.next(another);
  upgrade.next(pause).next(choose);
  taken.next(note).next(done);
  flipped.next(needed.when(Condition.booleanEquals('$.hop.raftSnapshot', true), taken).otherwise(note));
  another.when(Condition.stringEquals('$.next.step', 'upgrade'), upgrade).otherwise(flipped);
  return present;
}

interface Ways {
  readonly explain: LambdaInvoke;
  /** After it, or where nothing is replaced. */
  readonly next: LambdaInvoke;
}

/** Instances are replaced where the strategy says so, and the group is given back whatever becomes of it. */
function replacement(machine: MachineScope, held: Held, props: UpgradeHopProps, { explain, next }: Ways): Choice {
  const { scope } = machine;
  const replaces = new Choice(scope, 'Replace the instances?');
  const admit = step(
    machine,
    'Let new members join',
    'admitMembers',
    { ...held, hop: '$.hop' },
    { resultPath: '$.admitted' },
  );
  // A branch of its own, so that one Catch covers all of it.
  const replace = new Parallel(scope, 'Replace the instances', {
    inputPath: '$.admitted',
    resultPath: JsonPath.DISCARD,
  });
  replace.branch(replaceInstances(machine, held, props));
  const restore = step(machine, 'Give the group back', 'restoreGroup', held);
  const close = step(machine, 'Let nobody join any more', 'closeMembership', held);
  const restoreAfter = step(machine, 'Put the group back after the failure', 'restoreGroup', held);
  const closeAfter = step(machine, 'Let nobody join after the failure', 'closeMembership', held);
  restoreAfter.addCatch(closeAfter, { resultPath: '$.trouble' });
  closeAfter.addCatch(explain, { resultPath: '$.trouble' });
  restoreAfter.next(closeAfter).next(explain);
  for (const state of [replace, restore]) state.addCatch(restoreAfter, caught);
  for (const state of [admit, close]) state.addCatch(explain, caught);
  admit.next(replace).next(restore).next(close).next(next);
  const asked = Condition.stringEquals('$.strategy', 'replace');
  const kinds = ['minor', 'patch'].map((kind) => Condition.stringEquals('$.hop.kind', kind));
  return replaces.when(Condition.and(asked, Condition.or(...kinds)), admit).otherwise(next);
}
