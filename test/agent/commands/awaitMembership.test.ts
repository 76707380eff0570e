import { describe, expect, test } from '@jest/globals';
import { awaitMemberGone, awaitNewMember } from '../../../agent/commands/awaitMembership.ts';
import type { Observation } from '../../../agent/duties/observe.ts';

interface Look {
  readonly lists: readonly { readonly name: string; readonly isLearner?: boolean }[] | null;
  readonly sick?: boolean;
}

const member = (name: string, isLearner = false) => ({ name, isLearner });
const known = [member('i-1'), member('i-2')];

/** A member that sees one look after the other, and then always the last. */
function seeing(...looks: readonly Look[]) {
  let index = 0;
  const context = {
    name: 'i-1',
    receivedAtMs: performance.now(),
    withDataMs: (timeoutMs: number) => timeoutMs,
    async observe(): Promise<Observation> {
      const { lists, sick = false } = looks[Math.min(index++, looks.length - 1)] as Look;
      const seen = {
        name: 'i-1',
        processRunning: true,
        crashLooping: false,
        serverVersion: '3.5.35',
        clusterVersion: '3.5.0',
        leaderId: 'a',
        learner: false,
        readAndWrite: sick ? { ok: false as const, error: 'no leader' } : { ok: true as const },
        members: lists?.map(({ name }) => name) ?? null,
        alarms: [],
        offersHttp2: null,
      };
      const members = lists?.map((one) => ({ id: `id-${one.name}`, isLearner: false, ...one })) ?? [];
      const about = { id: 'a', clusterId: 'c', clusterVersion: '3.5.0', isLeader: true, leaderId: 'a', members };
      return { pid: 7, seen, member: lists === null ? null : about } as unknown as Observation;
    },
  };
  return { context, looked: () => index };
}

const long = 60_000;

describe('a new member', () => {
  const wait = (looks: readonly Look[], timeoutMs = long) => {
    const { context, looked } = seeing(...looks);
    return awaitNewMember({ knownMembers: ['i-1', 'i-2'], timeoutMs }, context).then((found) => ({
      ...found,
      looked: looked(),
    }));
  };

  test('is there once it is a started voter, and its witness is healthy', async () => {
    const voter = [...known, member('i-3')];
    const found = await wait([
      { lists: known },
      { lists: null },
      { lists: [...known, member('')] },
      { lists: [...known, member('i-3', true)] },
      { lists: voter, sick: true },
      { lists: voter },
    ]);
    expect(found).toMatchObject({ name: 'i-3', instanceId: 'i-3', looked: 6 });
  });

  test('that does not come is a fault at the deadline, with what is seen of it', async () => {
    await expect(wait([{ lists: known }], 0)).rejects.toMatchObject({
      name: 'NoNewMember',
      message: expect.stringContaining('i-1 lists nobody new'),
    });
    await expect(wait([{ lists: [...known, member('i-3', true)] }], 0)).rejects.toThrow('i-3, still a learner');
    await expect(wait([{ lists: [...known, member('')] }], 0)).rejects.toThrow('id-, which has not started');
  });
});

describe('a member that leaves', () => {
  const wait = (looks: readonly Look[], timeoutMs = long) => {
    const { context, looked } = seeing(...looks);
    return awaitMemberGone({ name: 'i-2', timeoutMs }, context).then((gone) => ({ ...gone, looked: looked() }));
  };

  test('is gone once a healthy member does not list it: what cannot be read says nothing', async () => {
    const left = [member('i-1')];
    const gone = await wait([{ lists: known }, { lists: null }, { lists: left, sick: true }, { lists: left }]);
    expect(gone).toMatchObject({ gone: 'i-2', looked: 4 });
  });

  test('that stays is a fault at the deadline', async () => {
    await expect(wait([{ lists: known }], 0)).rejects.toMatchObject({
      name: 'MemberNotGone',
      message: expect.stringContaining('i-1 still lists it'),
    });
    await expect(wait([{ lists: null }], 0)).rejects.toThrow('i-1 is not healthy itself');
  });
});
