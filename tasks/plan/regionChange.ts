/** What MultiregionMigration does, from where the members are and what was asked for. Pure. */
import type { RegionChangeRecord } from '#etcd/record.ts';
import type { CheckedRegionChange, RegionChangePlan } from '../catalogue.ts';
import { type GroupState, stayingInstances } from './group.ts';
import { type Layout, layoutRefusal, lossWords, type Move, moved, movesBetween, toleranceOf } from './regionLayout.ts';

export interface RegionChangeFacts {
  readonly cluster: string;
  /** Of each region, home first. */
  readonly groups: readonly GroupState[];
  readonly record: RegionChangeRecord | null;
}

export type PlannedRegionChange =
  | { readonly verdict: 'planned'; readonly plan: RegionChangePlan }
  | { readonly verdict: 'refused'; readonly reasons: readonly string[] };

/** @param request not one to abandon a change: planAbandonment */
export function planRegionChange(facts: RegionChangeFacts, request: CheckedRegionChange): PlannedRegionChange {
  const { cluster, groups, record } = facts;
  const { action } = request;
  const [home, ...others] = groups;
  if (home === undefined) return refused('the cluster is in no region');
  const wanted = wantedBy(request, record);
  if (typeof wanted === 'string') return refused(wanted);
  const other = others.find((group) => group.region === wanted.remote);
  if (other === undefined) return refused(notDeployed(wanted.remote, groups));
  const from = layoutOf(home, other);
  return { verdict: 'planned', plan: planned({ cluster, action, home: home.region, ...wanted, from }) };
}

/**
 * Needs nobody to answer, so that it is possible whatever has become of members and regions.
 * @param left what is known where the record has no change that goes on and an execution that ended has left the lock behind; null: it has not
 */
export function planAbandonment(
  cluster: string,
  record: RegionChangeRecord | null,
  left: Pick<RegionChangeFacts, 'groups'> | null,
): RegionChangePlan | null {
  const common = { cluster, action: 'abandon', enables: false, steps: [abandoned], losses: [] } as const;
  if (record !== null && record.endedAt === undefined) {
    const { home, remote, from, to, maxRoundTripMs } = record;
    return { ...common, home, remote, from, to, maxRoundTripMs };
  }
  const [home, other] = left?.groups ?? [];
  if (home === undefined || other === undefined) return null;
  const now = layoutOf(home, other);
  return { ...common, home: home.region, remote: other.region, from: now, to: now, maxRoundTripMs: 0 };
}

function layoutOf(home: GroupState, other: GroupState): Layout {
  return { home: stayingInstances(home).length, remote: stayingInstances(other).length };
}

type Wanted = Pick<RegionChangeRecord, 'remote' | 'to' | 'maxRoundTripMs'>;

/** What was asked for, or what the halted change was about; words where there is nothing to do. */
function wantedBy(request: CheckedRegionChange, record: RegionChangeRecord | null): Wanted | string {
  const { action, region, homeMembers, remoteMembers, maxRoundTripMs } = request;
  if (action === 'add' || action === 'leave') {
    const to = { home: homeMembers, remote: remoteMembers };
    const against = layoutRefusal(to);
    return against === null ? { remote: region, to, maxRoundTripMs } : `remoteMembers ${against}`;
  }
  if (record === null || record.endedAt !== undefined)
    return `there is nothing to ${action === 'rollBack' ? 'roll back' : action}: no change of regions was halted`;
  const { remote, from, to } = record;
  return { remote, to: action === 'rollBack' ? from : to, maxRoundTripMs: record.maxRoundTripMs };
}

function refused(...reasons: string[]): PlannedRegionChange {
  return { verdict: 'refused', reasons };
}

function notDeployed(region: string, groups: readonly GroupState[]): string {
  const known = groups.map((group) => group.region).join(', ');
  return `${region} is not a second region of this cluster, which is in ${known}: set etcd-appliance.regions and deploy the stacks first`;
}

type Planned = Omit<RegionChangePlan, 'steps' | 'losses' | 'enables'>;

function planned(change: Planned): RegionChangePlan {
  const { home, remote, from, to } = change;
  const enables = to.remote > 0;
  const steps = [...preparation(change, enables), ...moveWords(change)];
  const end = to.remote === 0 && from.remote > 0 ? [backToOne] : [];
  return { ...change, enables, steps: [...steps, ...end], losses: lossWords(to, home, remote) };
}

const abandoned = 'The members stay where they are, and the lock is freed.';
const backToOne =
  "Every member that has other heartbeat and election time-outs than etcd's own is restarted with these, one by one: all are in one region again.";

/** What the predecessor rotated all instances for, twice. */
const converted =
  'No instance is replaced to make ready for two regions: running agents read the regions from the record, and peer URLs are private addresses already.';

function preparation({ remote, from }: Planned, enables: boolean): readonly string[] {
  if (!enables) return [];
  return [
    converted,
    ...(from.remote > 0 ? [] : [`Enable ${remote}: an instance is brought up there, which does not join yet.`]),
    'Measure the round trips between the regions, from both sides.',
    'Every member whose heartbeat and election time-outs do not fit them is restarted, one by one; no instance is replaced for it.',
  ];
}

function moveWords({ home, remote, from, to }: Planned): readonly string[] {
  let now: Layout = from;
  return movesBetween(from, to).map((move: Move) => {
    now = moved(now, move);
    const region = move.where === 'home' ? home : remote;
    const left = `${now.home + now.remote} members, of which ${toleranceOf(now)} may fail.`;
    return move.what === 'add'
      ? `A member joins in ${region}: ${left}`
      : `A member leaves in ${region}, its instance is terminated: ${left}`;
  });
}

export interface ChangeBegun {
  readonly execution: string;
  readonly token: number;
  /** ISO 8601 */
  readonly now: string;
}

/** The record of one that begins, goes on, or turns round. One that turns round still knows where it came from. */
export function begunChange(
  before: RegionChangeRecord | null,
  plan: RegionChangePlan,
  { execution, token, now }: ChangeBegun,
): RegionChangeRecord {
  const { cluster, home, remote, to, maxRoundTripMs } = plan;
  const goesOn = before !== null && before.endedAt === undefined;
  const from: Layout = goesOn ? before.from : plan.from;
  return {
    cluster,
    item: 'regions',
    token,
    execution,
    ...{ home, remote, from, maxRoundTripMs },
    to: plan.action === 'abandon' && goesOn ? before.to : to,
    beganAt: goesOn ? before.beganAt : now,
  };
}

/** What the operator has to do for the deployment to say the same as the cluster. */
export function nextSteps({ home, remote, to }: Pick<RegionChangeRecord, 'home' | 'remote' | 'to'>): readonly string[] {
  if (to.remote === 0)
    return [
      `delete the stack of ${remote}, then that of the peering, while the settings still have both regions: lift their termination protection, and npx cdk destroy --exclusively (README, "Two regions")`,
      `then take etcd-appliance.regions out of the settings, with etcd-appliance.members at ${to.home}, and deploy`,
    ];
  const regions = JSON.stringify([
    { region: home, members: to.home },
    { region: remote, members: to.remote },
  ]);
  return [`set etcd-appliance.regions to ${regions}, so that the next deployment says the same as the cluster`];
}
