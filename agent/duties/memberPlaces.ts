/**
 * Where a member's instance is, and whether it is still there. EC2 and Auto Scaling of a region know nothing of another region's instances and
 * say of those, too, that they do not exist: an instance is gone only where the region that it was in says so.
 */
import { regionOfZone } from '#etcd/regions.ts';
import type { Ec2Instance, Group, Instances } from '../machine/group.ts';
import type { ClusterRecord } from '../machine/record.ts';
import type { RegionView } from './regionViews.ts';

export interface MemberPlace {
  /** Availability zone; null where nobody knows. */
  readonly zone: string | null;
  /** Null where nobody knows. */
  readonly region: string | null;
  /** EC2 or Auto Scaling has it. */
  readonly live: boolean;
  /** EC2 of its region says by name that it is not there, or terminated, and the group does not have it. */
  readonly gone: boolean;
}

/** Finds a member's instance; null: nobody knows which one it is. @throws Error where this agent's own region does not answer */
export type FindPlace = (
  instanceId: string | null,
  regions: readonly RegionView[],
  instancesIn: (region: string) => Instances,
) => Promise<MemberPlace>;

export function createMemberPlaces(record: Pick<ClusterRecord, 'readStarted'>, ownRegion: string): FindPlace {
  /** By instance id; an instance stays in its zone. */
  const zones = new Map<string, string>();

  /** As EC2 says, or said; of one that it does not know any more, as its own claim says. */
  async function zoneOf(instanceId: string, seen: Ec2Instance | null, single: boolean): Promise<string | null> {
    const known = seen?.zone || zones.get(instanceId);
    if (known) zones.set(instanceId, known);
    if (known || single) return known ?? null;
    const claimed = (await record.readStarted(instanceId).catch(() => null))?.zone;
    if (claimed !== undefined) zones.set(instanceId, claimed);
    return claimed ?? null;
  }

  return async (instanceId, regions, instancesIn) => {
    if (instanceId === null) return { zone: null, region: null, live: false, gone: false };
    const seen = regions.flatMap(({ instances }) => instances).find((one) => one.instanceId === instanceId) ?? null;
    const single = regions.length === 1;
    const zone = await zoneOf(instanceId, seen, single);
    const holder = regions.find(({ group }) => group !== null && inGroup(instanceId, group));
    const kept = holder !== undefined;
    const region = holder?.region ?? (zone === null ? (single ? ownRegion : null) : regionOfZone(zone));
    const live = seen !== null && (kept || !hasEnded(seen));
    const gone = !live && !kept && (await isGone(instanceId, seen, whoKnows(region, regions), instancesIn, ownRegion));
    return { zone: seen?.zone ?? zone, region, live, gone };
  };
}

/** The regions that have to say that there is no such instance: its own, or each where nobody knows its own. */
function whoKnows(region: string | null, regions: readonly RegionView[]): readonly RegionView[] {
  return region === null ? regions : regions.filter((one) => one.region === region);
}

async function isGone(
  instanceId: string,
  seen: Ec2Instance | null,
  asked: readonly RegionView[],
  instancesIn: (region: string) => Instances,
  ownRegion: string,
): Promise<boolean> {
  if (seen !== null) return seen.state === 'terminated';
  // Of a region that the cluster is not in any more, nobody is left to say.
  if (asked.length === 0 || asked.some(({ group }) => group === null)) return false;
  const answers = await Promise.all(
    asked.map(async ({ region }) => {
      try {
        const instance = await instancesIn(region).byId(instanceId);
        return instance === null || instance.state === 'terminated';
      } catch (error) {
        if (region === ownRegion) throw error;
        return false;
      }
    }),
  );
  return answers.every(Boolean);
}

function hasEnded({ state }: Ec2Instance): boolean {
  return state === 'terminated' || state === 'shutting-down';
}

function inGroup(instanceId: string, { instances }: Group): boolean {
  return instances.some((one) => one.instanceId === instanceId && one.lifecycleState !== 'Terminated');
}
