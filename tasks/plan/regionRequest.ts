/** What a MultiregionMigration execution may be given: checked by its first task, and by whoever starts one. Pure. */
import { Fault } from '#etcd/faults.ts';
import type { CheckedRegionChange } from '../catalogue.ts';
import { layoutRefusal, mostMembers } from './regionLayout.ts';
import { type Check, flag, oneOf, type Refusal, requestRefusal } from './requestRefusal.ts';

/** A small request. */
export const exampleRegionChange = { addRegion: 'eu-west-1', homeMembers: 4, remoteMembers: 1 } as const;

/** Milliseconds: 50 within a continent, 150 across an ocean; above it, each write takes longer than most clients wait. */
const usualRoundTripMs = 200;
const actions = ['resume', 'rollBack', 'abandon'] as const;
const regionName = /^[a-z]{2,4}(-[a-z]{1,20}){1,3}-\d{1,2}$/;

/** @throws Fault `InvalidInput`, naming the field and what is allowed */
export function checkRegionChange(input: unknown): CheckedRegionChange {
  const refusal = regionChangeRefusal(input);
  if (refusal !== null) throw new Fault('InvalidInput', `${refusal.field} ${refusal.message}`);
  const asked = input as Partial<Record<keyof typeof checks, unknown>>;
  return {
    action: (asked.action as CheckedRegionChange['action']) ?? (asked.addRegion === undefined ? 'leave' : 'add'),
    region: String(asked.addRegion ?? asked.leaveRegion ?? ''),
    homeMembers: Number(asked.homeMembers ?? 0),
    remoteMembers: Number(asked.remoteMembers ?? 0),
    dryRun: asked.dryRun === true,
    maxRoundTripMs: Number(asked.maxRoundTripMs ?? usualRoundTripMs),
  };
}

const needed = (value: unknown, what: string) => (value === undefined ? `is missing; ${what}` : null);
const members = (value: unknown, least: number, most: number) => {
  const fits = Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
  return fits ? null : `must be a whole number from ${least} to ${most}`;
};
const region: Check = (value) =>
  value === undefined || (typeof value === 'string' && regionName.test(value))
    ? null
    : 'must be the name of a region, such as "eu-west-1"';

const checks = {
  addRegion(value, request) {
    const { leaveRegion, action } = request;
    if (action !== undefined)
      return value === undefined ? null : `does not go with the action ${JSON.stringify(action)}, which knows it`;
    if (value === undefined && leaveRegion === undefined)
      return 'is missing; say which region is to be added, or with leaveRegion which is to be left';
    if (value !== undefined && leaveRegion !== undefined) return 'does not go with leaveRegion';
    return region(value, request);
  },
  leaveRegion(value, request) {
    const { action } = request;
    if (action !== undefined && value !== undefined)
      return `does not go with the action ${JSON.stringify(action)}, which knows it`;
    return region(value, request);
  },
  homeMembers(value, { action, leaveRegion }) {
    if (action !== undefined)
      return value === undefined ? null : `does not go with the action ${JSON.stringify(action)}`;
    const wrong = needed(value, 'say how many members are to be at home') ?? members(value, 1, mostMembers);
    if (wrong !== null || leaveRegion === undefined) return wrong;
    // As the settings allow for a cluster in one region: an even number tolerates no more failures than the one below it.
    return Number(value) % 2 === 1 ? null : 'must be 1, 3, 5 or 7 where all members are in one region';
  },
  remoteMembers(value, { action, addRegion, homeMembers }) {
    if (action !== undefined)
      return value === undefined ? null : `does not go with the action ${JSON.stringify(action)}`;
    if (addRegion === undefined)
      return value === undefined || value === 0 ? null : 'does not go with leaveRegion: none are left';
    const wrong = needed(value, 'say how many members are to be in the second region') ?? members(value, 1, 3);
    return wrong ?? layoutRefusal({ home: Number(homeMembers), remote: Number(value) });
  },
  dryRun: flag,
  maxRoundTripMs: (value) => (value === undefined ? null : members(value, 1, 1_000)),
  action: oneOf(...actions),
} as const satisfies Readonly<Record<string, Check>>;

/** The first thing that is wrong with a request; null where nothing is. */
export function regionChangeRefusal(input: unknown): Refusal | null {
  return requestRefusal(input, 'MultiregionMigration', exampleRegionChange, checks);
}
