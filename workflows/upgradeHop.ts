/**
 * UpgradeHop: every member from one release to the next, one by one, under the lock that RollingUpgrade holds.
 *
 *   Make the release present on every member -> Anything to do about the v2 store?
 *     Delete the keys of the v2 store, or Check that the v2 store of every member is empty
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
  Succeed,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { caught, explainFailure, failExplained } from './failures.ts';
import { longestBriefly, lostCallback, unreachableBriefly } from './retryPolicies.ts';
import { awaitStep, type MachineScope, step } from './step.ts';

export interface UpgradeHopProps {
  readonly memberHealthyTimeoutSeconds: number;
  /** Members of the cluster. */
  readonly members: number;
}

/** The agent beats every 10 s: two may get lost. */
const heartbeatSeconds = 30;
/** Above the agent's own deadline, with what its data adds to it: 5 MB/s of the largest quota. */
const marginSeconds = 4_000;
const otherTasksSeconds = 1_800;

/** The longest that one hop takes: an installation, a step of each member, the flip, the snapshots. */
export function longestHopSeconds({ memberHealthyTimeoutSeconds, members }: UpgradeHopProps): number {
  const wait = (1 + lostCallback.maxAttempts) * (memberHealthyTimeoutSeconds + marginSeconds) + longestBriefly;
  return (members + 3) * wait + otherTasksSeconds;
}

type MemberTask =
  | 'installRelease'
  | 'deleteV2Keys'
  | 'checkV2Store'
  | 'upgradeMember'
  | 'awaitClusterVersion'
  | 'takeRaftSnapshot';

/** The machine's definition; its input is what RollingUpgrade gives it. */
export function upgradeHop(machine: MachineScope, props: UpgradeHopProps): IChainable {
  const { scope } = machine;
  const timeoutSeconds = props.memberHealthyTimeoutSeconds + marginSeconds;
  const held = { execution: '$.execution', token: '$.token', leaseSeconds: timeoutSeconds } as const;

  /** A command to one member's agent, which finishes the state. */
  function ofMember(
    state: string,
    task: MemberTask,
    member: '$.member' | '$.next.member' | '$.members[0]',
  ): LambdaInvoke {
    const { execution, token } = held;
    const payload = { execution, token, hop: '$.hop', member, taskToken: '$$.Task.Token' } as const;
    const waits = awaitStep(machine, state, task, payload, { resultPath: '$.done', timeoutSeconds, heartbeatSeconds });
    waits.addRetry(lostCallback);
    waits.addRetry(unreachableBriefly);
    return waits;
  }

  function everyMember(state: string, inner: LambdaInvoke, resultPath: string = JsonPath.DISCARD): MapState {
    return new MapState(scope, state, {
      itemsPath: '$.members',
      itemSelector: {
        execution: JsonPath.objectAt('$.execution'),
        token: JsonPath.objectAt('$.token'),
        hop: JsonPath.objectAt('$.hop'),
        member: JsonPath.objectAt('$$.Map.Item.Value'),
      },
      resultPath,
    }).itemProcessor(inner);
  }

  const install = ofMember('Install the release', 'installRelease', '$.member');
  const present = everyMember('Make the release present on every member', install);
  const v2 = new Choice(scope, 'Anything to do about the v2 store?');
  const deleted = ofMember('Delete the keys of the v2 store', 'deleteV2Keys', '$.members[0]');
  const look = ofMember('Look through the v2 store', 'checkV2Store', '$.member');
  const empty = everyMember('Check that the v2 store of every member is empty', look);
  const choose = step(
    machine,
    'Choose the next member',
    'chooseMember',
    { ...held, hop: '$.hop' },
    { resultPath: '$.next' },
  );
  const another = new Choice(scope, 'Another member to upgrade?');
  const upgrade = ofMember('Upgrade the member', 'upgradeMember', '$.next.member');
  const pause = new Wait(scope, 'Pause before the next member', {
    time: WaitTime.secondsPath('$.pauseBetweenMembersSeconds'),
  });
  const report = ofMember('Wait until the member reports it', 'awaitClusterVersion', '$.member');
  const flipped = everyMember('Wait until every member reports the new cluster version', report, '$.flipped');
  const needed = new Choice(scope, 'Raft snapshots needed?');
  const take = ofMember('Have the member take a raft snapshot', 'takeRaftSnapshot', '$.member');
  const taken = everyMember('Have every member take a raft snapshot', take);
  const note = step(machine, 'Note the hop', 'noteHop', { ...held, hop: '$.hop', flipped: '$.flipped[*].done' }, {});
  const done = new Succeed(scope, 'Hop done', { outputPath: '$.hop' });

  const explain = explainFailure(machine, 'Explain the failure');
  explain.next(failExplained(scope, 'Hop failed'));
  for (const state of [present, deleted, empty, choose, upgrade, flipped, taken, note]) state.addCatch(explain, caught);

  present.next(v2);
  v2.when(Condition.booleanEquals('$.hop.deletesV2Keys', true), deleted)
    .when(Condition.booleanEquals('$.hop.checksV2Store', true), empty)
    .otherwise(choose);
  deleted.next(choose);
  empty.next(choose);
  choose.next(another);
  upgrade.next(pause).next(choose);
  taken.next(note).next(done);
  flipped.next(needed.when(Condition.booleanEquals('$.hop.raftSnapshot', true), taken).otherwise(note));
  another.when(Condition.stringEquals('$.next.step', 'upgrade'), upgrade).otherwise(flipped);
  return present;
}
