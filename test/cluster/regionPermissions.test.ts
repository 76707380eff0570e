/**
 * What a cluster in two regions is granted besides what one in a single region is: none of it that nothing needs, and nothing missing. What
 * both have is held to the same in permissions.test.ts.
 */
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { GrantedStatement } from '../../infra/local/iam/roles.ts';
import { setRoundTrip } from '../../infra/local/start/deploy.ts';
import { regionTasks } from '../../tasks/catalogue/regions.ts';
import { eventually, openTestCluster, type TestCluster, testRegions } from './cluster.ts';
import { expectPlaced } from './multiregion.ts';
import { invoke, succeeds } from './permissionScenario.ts';
import {
  callsOfMachines,
  type Granted,
  grantsOf,
  isNeeded,
  nameOf,
  type Recording,
  recordAccess,
} from './permissions.ts';
import { elsewhere } from './permissionsElsewhere.ts';
import { changeRegions, gatheredAtHome, membersByRegion, spread, startRegionChange } from './regionMembers.ts';
import { entered, lockOf, rotate } from './rotation.ts';
import { upgrade } from './upgrade.ts';

jest.setTimeout(400_000);

const stacks = { home: 'etcd-etcd', other: `etcd-etcd-${testRegions[1]}`, peering: 'etcd-etcd-peering' } as const;
/** Roles of what only a cluster in two regions has. */
const ownRoles = new RegExp(
  `^(MultiregionMigration|ConnectRegions|TellVpc|GuardDeletion|${Object.keys(regionTasks).join('|')})Role`,
  'i',
);
function ofTwoRegions({ role, action, resource }: Granted): boolean {
  if (ownRoles.test(role) || resource.includes(testRegions[1])) return true;
  // In which region an instance is, whoever sends to it asks.
  return action === 'autoscaling:DescribeAutoScalingGroups';
}

/** Beside what one region has no use for either. */
const besides: typeof elsewhere = [
  {
    of: /^ChooseMoveRole\w* autoscaling:SetDesiredCapacity on /,
    why: 'Where EC2 had no instance for a capacity that was asked for: test/tasks/plan/regionMove.test.ts.',
  },
  {
    of: /^AbandonRegionChangeRole\w* autoscaling:(SetDesiredCapacity on |TerminateInstanceInAutoScalingGroup on arn:aws:autoscaling:eu-west-1:)/,
    why: 'The same of a change that is given up, and an instance that had not joined at home: test/tasks/plan/unjoined.test.ts.',
  },
  {
    of: /^MemberRole\w* autoscaling:ResumeProcesses on arn:aws:autoscaling:eu-central-1:/,
    why: "The leader's agent resumes what a rotation left suspended, in whichever region: in one, permissions.test.ts.",
  },
  {
    of: /^AddMemberRole\w* autoscaling:SetDesiredCapacity on arn:aws:autoscaling:eu-central-1:/,
    why: 'The second member of the second region and those after it: the first one is brought up by enableRegion.',
  },
  {
    of: /^ReadClusterRecordRole\w* autoscaling:DescribeAutoScalingGroups on /,
    why: 'A bootstrap that is started while another one is at work: in one region, permissions.test.ts.',
  },
  {
    of: /^(ChooseInstance|RestoreGroup)Role\w* autoscaling:\w+ on arn:aws:autoscaling:eu-central-1:/,
    why: 'A rotation there that was stopped, or given up: in one region, permissions.test.ts.',
  },
  {
    of: /^(AwaitNewMember|ChooseUnfit|SecureMember|PlanMigration|ChooseTransport|BackUpMember|DeleteV2Keys|CheckV2Store|TakeRaftSnapshot|PlanAuthorityRotation)Role\w* (ssm:SendCommand|autoscaling:DescribeAutoScalingGroups) on /,
    why: 'Operations and hops that the scenario leaves out: they send to members of either region, as the others do.',
  },
  {
    of: /^ConnectRegionsRole\w* ec2:(ReplaceRoute|DeleteRoute|DeleteVpcPeeringConnection) on /,
    why: 'A VPC that is made anew, or a second region without instances that loses its connection first: regionStacks.test.ts.',
  },
];

const describeAll = process.env.TESTS === 'all' ? describe : describe.skip;
describeAll('a cluster in two regions', () => {
  let cluster: TestCluster;
  let recording: Recording;
  /** As they were before the stacks went. */
  let granted: readonly { readonly grant: Granted; readonly statements: readonly GrantedStatement[] }[] = [];
  let calls: ReturnType<typeof callsOfMachines>;
  beforeAll(async () => {
    cluster = await openTestCluster({
      members: [2, 1],
      etcd: '3.5.31',
      tls: true,
      roundTripMs: 10,
      settings: { memberHealthyTimeoutSeconds: 60 },
      opened(home) {
        recording = recordAccess(home);
      },
    });
  });
  afterAll(() => cluster?.close());

  const moved = async (input: unknown) => {
    const end = await changeRegions(cluster, input);
    expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
  };
  const stoppedAt = async (input: unknown, state: string) => {
    const execution = await startRegionChange(cluster, input);
    await entered(cluster, execution, state);
    await cluster.states.send(new StopExecutionCommand({ executionArn: execution }));
    await cluster.ended(execution);
  };
  const farInstance = async () => (await membersByRegion(cluster))[1]?.[0]?.instanceId ?? '';

  test('is created', () => succeeds(cluster, cluster.firstExecution));

  test('is gathered at home, finds the regions too far, gives it up, is spread again, stopped and gone on with', async () => {
    await moved(gatheredAtHome(3));
    await setRoundTrip(cluster.home, 100);
    expect(await changeRegions(cluster, { ...spread(2, 1), maxRoundTripMs: 50 })).toMatchObject({
      error: 'RegionsTooFar',
    });
    await setRoundTrip(cluster.home, 10);
    await stoppedAt(spread(2, 1), 'Set the timing of the members');
    await moved({ action: 'abandon' });
    await expectPlaced(cluster, [3, 0]);
    await stoppedAt(spread(2, 1), 'Take an instance out');
    await moved({ action: 'resume' });
    await expectPlaced(cluster, [2, 1]);
  });

  test('has the instance of the second region replaced', async () =>
    succeeds(cluster, await rotate(cluster, { reason: 'new image', instances: [await farInstance()] })));

  test('is upgraded', async () => {
    const end = await upgrade(cluster, { to: '3.5.35' });
    expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
  });

  test('has tasks of accidents', async () => {
    const member = await farInstance();
    const { token = 0 } = (await lockOf(cluster)) ?? {};
    const held = { execution: cluster.firstExecution, token, leaseSeconds: 60 };
    await invoke(cluster, 'JudgeCluster', held);
    await invoke(cluster, 'DescribeMember', { ...held, attempt: 0, member: { name: member, instanceId: member } });
  });

  test('lets its stacks go, the second region first', async () => {
    const { home } = cluster;
    const other = await home.region(testRegions[1]);
    granted = [home, other].flatMap((region) =>
      grantsOf(region).map((grant) => ({
        grant,
        statements: home.services.roles.statementsOf(grant.roleName) ?? [],
      })),
    );
    calls = callsOfMachines(home);
    const members = () => home.services.roles.statementsOf(`etcd-etcd-members-${testRegions[1]}`) ?? [];
    const before = members().length;
    for (const stack of Object.values(stacks)) home.protectStack(stack, false);
    await expect(home.destroyStack(stacks.home)).rejects.toThrow('first');
    await expect(home.destroyStack(stacks.peering)).rejects.toThrow('need the connection');
    // What was refused took nothing away from those that go on.
    expect(members()).toHaveLength(before);
    await home.destroyStack(stacks.other);
    await home.destroyStack(stacks.peering);
    await eventually('home serves', async () => (await cluster.members()).length === 2);
  });

  test('was refused nothing, but to be told that a key is missing', () => {
    expect(recording.refused().filter((one) => !one.includes(' s3:ListBucket '))).toEqual([]);
  });

  test('needed every action and resource that it has for the sake of two regions', () => {
    const unneeded = granted.filter(
      ({ grant, statements }) =>
        ofTwoRegions(grant) &&
        !isNeeded(grant, statements, [...recording.needed(grant.roleName), ...(calls.get(grant.roleName) ?? [])]),
    );
    const odd = unneeded.filter(({ grant }) => ![...elsewhere, ...besides].some(({ of }) => of.test(nameOf(grant))));
    expect(odd.map(({ grant }) => nameOf(grant))).toEqual([]);
    // Nothing stays in the list that is not granted any more, or is needed by now.
    expect(besides.filter(({ of }) => !unneeded.some(({ grant }) => of.test(nameOf(grant))))).toEqual([]);
  });
});
