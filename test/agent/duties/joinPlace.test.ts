/** What a newcomer leaves in the record before it is a member, for agents that boot while its region does not answer. */
import { expect, test } from '@jest/globals';
import { type JoinDecision, joinDecision } from '#etcd/joining.ts';
import type { KnownMember } from '#etcd/knownMembers.ts';
import type { StartedRecord } from '#etcd/record.ts';
import { type JoinOptions, join } from '../../../agent/duties/join.ts';
import { createMemberPlaces } from '../../../agent/duties/memberPlaces.ts';
import type { RegionView } from '../../../agent/duties/regionViews.ts';
import type { Surroundings } from '../../../agent/duties/surroundings.ts';
import type { Group, Instances } from '../../../agent/machine/group.ts';
import { layoutBelow } from '../../../agent/machine/layout.ts';

const [home, away] = ['eu-west-1', 'eu-central-1'];

const member = (name: string, more: Partial<KnownMember> = {}): KnownMember => ({
  id: `id-${name}`,
  name,
  peerUrls: [`http://${name}:2380`],
  isLearner: false,
  healthy: true,
  instance: 'live',
  zone: `${home}a`,
  region: home,
  ...more,
});

/** Lets an instance join members. @returns its claim in the record, and what was done in which order */
async function joined(name: string, zone: string, claimOnDisk: string | null, members: readonly KnownMember[]) {
  const region = zone.slice(0, -1);
  const started = new Map<string, Pick<StartedRecord, 'claim' | 'zone'>>();
  const done: string[] = [];
  const seen = {
    group: { desiredCapacity: 1 + members.filter((one) => one.region === region).length },
    members,
    peers: [{ address: '10.0.0.1', version: '3.5.35', healthy: true }],
    version: '3.5.35',
    sinceChangeMs: Number.POSITIVE_INFINITY,
  } as unknown as Surroundings;
  const options = {
    identity: { instanceId: name, address: '10.1.0.9', zone, region },
    layout: layoutBelow('/nowhere'),
    metadata: { targetLifecycleState: async () => 'InService' },
    disk: {
      claim: () => claimOnDisk,
      newClaim: () => done.push('claim on disk') && 'fresh',
      registration: () => null,
      register: () => {},
      own: () => {},
    },
    record: {
      readLock: async () => null,
      audit: async () => {},
      claimStart: async (of: string, claim: string, at: string) => {
        done.push('claim in record');
        started.set(of, { claim, zone: at });
        return true;
      },
    },
    turns: {
      take: async (_: string, work: (turn: object) => Promise<{ result: unknown }>) => ({
        busy: null,
        result: (await work({ check: () => done.push('turn checked') })).result,
      }),
    },
    look: async () => ({ seen }),
    install: async () => {},
    log: () => {},
    enter: () => {},
    etcd: {
      membership: () => ({ add: async () => done.push('added') && 'id', remove: async () => done.push('removed') }),
    },
    clock: {
      sleep: async () => {
        throw new Error('one step is enough');
      },
    },
  } as unknown as JoinOptions;
  await expect(join(options)).rejects.toThrow('one step is enough');
  return { started, done };
}

test('its claim, with its zone, is there before it is added, and the turn is checked after the wait for that', async () => {
  const { started, done } = await joined('i-5', `${away}b`, null, [member('i-1'), member('i-2')]);
  expect(started.get('i-5')).toEqual({ claim: 'fresh', zone: `${away}b` });
  expect(done).toEqual(['claim on disk', 'claim in record', 'turn checked', 'added']);
});

test('the claim that its disk has is written', async () => {
  const { started, done } = await joined('i-5', `${home}b`, 'kept', [member('i-1'), member('i-2')]);
  expect(started.get('i-5')).toEqual({ claim: 'kept', zone: `${home}b` });
  expect(done).not.toContain('claim on disk');
});

test('who only removes a dead member claims nothing', async () => {
  const dead = member('i-3', { healthy: false, instance: 'gone' });
  const { started, done } = await joined('i-5', `${home}b`, null, [member('i-1'), member('i-2'), dead]);
  expect(started.size).toBe(0);
  expect(done).toEqual(['turn checked', 'removed']);
});

test('of four members at home and one that joined elsewhere, a dead one at home is replaced while elsewhere is silent', async () => {
  const atHome = ['i-1', 'i-2', 'i-3', 'i-4'].map((name) => member(name));
  const { started } = await joined('i-5', `${away}a`, null, atHome);

  // An agent that has just booted at home: it has never heard the other region.
  const group = { name: 'g', desiredCapacity: 4, suspendedProcesses: [], deleting: false } as const;
  const inHome = ['i-1', 'i-2', 'i-3', 'i-new'].map((instanceId) => ({
    instanceId,
    zone: `${home}a`,
    state: 'running',
  }));
  const regions: readonly RegionView[] = [
    {
      region: home,
      wanted: 4,
      group: { ...group, instances: inHome.map((one) => ({ ...one, lifecycleState: 'InService' })) } as Group,
      instances: inHome.map((one) => ({ ...one, address: '' })),
      reason: null,
    },
    { region: away, wanted: null, group: null, instances: [], reason: 'it is silent' },
  ];
  const claims = new Map([...started, ['i-4', { claim: 'c', zone: `${home}a` }] as const]);
  const readStarted = async (name: string) => (claims.get(name) ?? null) as StartedRecord | null;
  const place = createMemberPlaces({ readStarted }, home);
  const instancesIn = () => ({ byId: async () => null }) as unknown as Instances;
  const known = async (names: readonly string[]) =>
    Promise.all(
      names.map(async (name) => {
        const { zone, region, live, gone } = await place(name, regions, instancesIn);
        return member(name, {
          zone,
          region,
          healthy: name !== 'i-4',
          instance: live ? 'live' : gone ? 'gone' : 'unknown',
        });
      }),
    );
  const self = { name: 'i-new', peerUrl: 'http://i-new:2380', zone: `${home}a`, region: home };
  const decide = async (names: readonly string[]): Promise<JoinDecision> =>
    joinDecision({
      self,
      members: await known(names),
      wanted: 4,
      version: '3.5.35',
      registered: null,
      sinceChangeMs: Number.POSITIVE_INFINITY,
    });

  expect(await decide(['i-1', 'i-2', 'i-3', 'i-4', 'i-5'])).toMatchObject({ action: 'remove', memberId: 'id-i-4' });
  expect(await decide(['i-1', 'i-2', 'i-3', 'i-5'])).toMatchObject({ action: 'add' });
});
