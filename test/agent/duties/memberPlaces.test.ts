/** Whether a member's instance is gone, where each region's AWS says of the other region's instances that they do not exist. */
import { describe, expect, test } from '@jest/globals';
import { createMemberPlaces } from '../../../agent/duties/memberPlaces.ts';
import type { RegionView } from '../../../agent/duties/regionViews.ts';
import type { Ec2Instance, Group, Instances } from '../../../agent/machine/group.ts';

const [home, away] = ['eu-west-1', 'eu-central-1'];

interface There {
  /** Lifecycle state by id, of the group. */
  readonly group?: Readonly<Record<string, string>>;
  /** State by id, as the list has it. */
  readonly listed?: Readonly<Record<string, string>>;
  /** State by id, where it is asked for by its id. */
  readonly byId?: Readonly<Record<string, string>>;
  readonly silent?: boolean;
}

const instance = (region: string, instanceId: string, state: string): Ec2Instance => ({
  instanceId,
  state,
  address: '',
  zone: `${region}a`,
});

function view(region: string, { group = {}, listed = {}, silent = false }: There): RegionView {
  if (silent) return { region, wanted: null, group: null, instances: [], reason: 'it is silent' };
  const instances = Object.entries(group).map(([instanceId, lifecycleState]) => ({
    instanceId,
    lifecycleState,
    zone: `${region}a`,
  }));
  const known: Group = { name: 'g', desiredCapacity: 3, instances, suspendedProcesses: [], deleting: false };
  const found = Object.entries(listed).map(([id, state]) => instance(region, id, state));
  return { region, wanted: 3, group: known, instances: found, reason: null };
}

/** How the instance `i-1` is seen from home. */
function seen(there: Readonly<Record<string, There>>, claims: Readonly<Record<string, string>> = {}) {
  const place = createMemberPlaces({ readStarted: async (name) => ({ zone: claims[name] }) as never }, home);
  const instancesIn = (region: string) =>
    ({
      byId: async (id: string) => {
        if (there[region]?.silent) throw new Error(`${region} does not answer`);
        const state = there[region]?.byId?.[id];
        return state === undefined ? null : instance(region, id, state);
      },
    }) as unknown as Instances;
  return place(
    'i-1',
    Object.entries(there).map(([region, facts]) => view(region, facts)),
    instancesIn,
  );
}

describe('in one region', () => {
  test('an instance that is listed is live', async () => {
    expect(await seen({ [home]: { listed: { 'i-1': 'running' } } })).toEqual({
      zone: `${home}a`,
      region: home,
      live: true,
      gone: false,
    });
  });

  test.each([
    ['that EC2 does not know', {}, true],
    ['that EC2 knows as running', { byId: { 'i-1': 'running' } }, false],
    ['that is terminated', { listed: { 'i-1': 'terminated' } }, true],
    ['that shuts down', { listed: { 'i-1': 'shutting-down' } }, false],
    ['that the group has still', { group: { 'i-1': 'Terminating:Wait' } }, false],
  ])('one %s: gone is %s', async (_, facts, gone) => {
    expect(await seen({ [home]: facts })).toMatchObject({ gone, region: home });
  });

  test('where AWS does not answer, nothing is said', async () => {
    await expect(seen({ [home]: { ...{}, silent: true } })).resolves.toMatchObject({ gone: false });
  });
});

describe('in two regions', () => {
  const claims = { 'i-1': `${away}a` };

  test('an instance of the other region is not gone because this one does not know it', async () => {
    const facts = { [home]: {}, [away]: { listed: { 'i-1': 'running' } } };
    expect(await seen(facts)).toMatchObject({ region: away, live: true, gone: false });
  });

  test('it is gone where its own region says so', async () => {
    expect(await seen({ [home]: {}, [away]: {} }, claims)).toMatchObject({ region: away, gone: true });
    const terminated = { [home]: {}, [away]: { listed: { 'i-1': 'terminated' } } };
    expect(await seen(terminated)).toMatchObject({ gone: true });
  });

  test('it is not gone while its region is silent', async () => {
    expect(await seen({ [home]: {}, [away]: { silent: true } }, claims)).toMatchObject({ region: away, gone: false });
  });

  test('one of which nobody knows the region is gone only where both say so', async () => {
    expect(await seen({ [home]: {}, [away]: {} })).toMatchObject({ region: null, gone: true });
    expect(await seen({ [home]: {}, [away]: { silent: true } })).toMatchObject({ region: null, gone: false });
    expect(await seen({ [home]: {}, [away]: { byId: { 'i-1': 'running' } } })).toMatchObject({ gone: false });
  });

  test('one of this region does not wait for the other one to say so', async () => {
    const own = { 'i-1': `${home}a` };
    expect(await seen({ [home]: {}, [away]: { silent: true } }, own)).toMatchObject({ region: home, gone: true });
  });

  test('one of a region that the cluster is not in any more is never gone', async () => {
    const elsewhere = { 'i-1': 'us-east-1a' };
    expect(await seen({ [home]: {}, [away]: {} }, elsewhere)).toMatchObject({ region: 'us-east-1', gone: false });
  });
});
