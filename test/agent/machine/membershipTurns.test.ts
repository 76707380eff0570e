/** Turns, against a record in memory and a clock of the test's own. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { MembershipTurn } from '#etcd/record.ts';
import type { Clock } from '../../../agent/machine/clock.ts';
import { createMembershipTurns, turnMs } from '../../../agent/machine/membershipTurns.ts';
import type { ClusterRecord } from '../../../agent/machine/record.ts';

let turn: MembershipTurn | null;
let trail: { what: string; why: string }[];
let auditWorks: boolean;
let nowMs: number;

const clock: Clock = { monotonicMs: () => nowMs, epochMs: () => nowMs, sleep: async () => {} };
const record = {
  readTurn: async () => turn,
  async replaceTurn(before: MembershipTurn | null, after: MembershipTurn) {
    if (turn?.token !== before?.token || turn?.holder !== before?.holder) return false;
    turn = { ...after, cluster: 'c', item: 'membership' };
    return true;
  },
  async audit(entry: { what: string; why: string }) {
    if (!auditWorks) throw new Error('DynamoDB does not answer');
    trail.push(entry);
  },
} as unknown as ClusterRecord;

beforeEach(() => {
  [turn, trail, auditWorks, nowMs] = [null, [], true, 1_000_000];
});

const turnsOf = (instanceId: string) => createMembershipTurns(record, instanceId, clock);
const changes = async () => ({ changed: true, result: 'done' });
const changesNothing = async () => ({ changed: false, result: 'nothing' });

describe('a turn', () => {
  test('is one agent’s, and free for the next when it was given back', async () => {
    const [a, b] = [turnsOf('i-a'), turnsOf('i-b')];
    await a.take('join', async () => {
      expect(await b.take('join', changes)).toEqual({ busy: 'i-a is changing the membership (join)' });
      return { changed: false, result: null };
    });
    expect(await b.take('join', changes)).toEqual({ busy: null, result: 'done' });
    expect(trail).toEqual([]);
  });

  test('that its holder never gave back is taken over when it has run out, and told', async () => {
    await new Promise<void>((begun) => {
      void turnsOf('i-a').take('remove 1f', () => {
        begun();
        return new Promise<never>(() => {});
      });
    });
    const b = turnsOf('i-b');
    expect(await b.take('join', changes)).toMatchObject({ busy: expect.stringContaining('i-a') });
    nowMs += turnMs;
    expect(await b.take('join', changes)).toEqual({ busy: null, result: 'done' });
    expect(trail).toEqual([expect.objectContaining({ what: expect.stringContaining('the turn of i-a (remove 1f)') })]);
  });

  test('whose work failed is told; where the trail cannot be written, it stays until it can', async () => {
    const a = turnsOf('i-a');
    const fails = () => a.take('leave', () => Promise.reject(new Error('no answer')));
    auditWorks = false;
    await expect(fails()).rejects.toThrow('no answer');
    expect(turn?.holder).toBe('i-a');
    await expect(a.take('leave', changes)).rejects.toThrow('DynamoDB does not answer');
    auditWorks = true;
    expect(await a.take('leave', changes)).toEqual({ busy: null, result: 'done' });
    expect(trail).toHaveLength(1);
    await expect(fails()).rejects.toThrow('no answer');
    expect(trail[1]?.why).toBe('no answer');
    expect(turn).toMatchObject({ changedAtMs: nowMs });
    expect(turn?.holder).toBeUndefined();
  });

  test('that added nobody leaves the note of the one that was added before', async () => {
    const first = { peerUrl: 'http://10.0.0.1:2380', instanceId: 'i-a' };
    const second = { peerUrl: 'http://10.0.0.2:2380', instanceId: 'i-b' };
    await turnsOf('i-a').take('join', changes, first);
    await turnsOf('i-b').take('join', changesNothing, second);
    expect((await turnsOf('i-c').state()).newcomer).toEqual(first);
    await turnsOf('i-b').take('join', changes, second);
    expect((await turnsOf('i-c').state()).newcomer).toEqual(second);
  });

  test('is waited for by who wants none under way', async () => {
    const a = turnsOf('i-a');
    const order: string[] = [];
    void a.take('join', async () => {
      await Promise.resolve();
      order.push('join');
      return { changed: true, result: null };
    });
    await a.settled();
    order.push('settled');
    expect(order).toEqual(['join', 'settled']);
  });
});
