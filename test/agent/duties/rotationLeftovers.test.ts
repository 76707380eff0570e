import { describe, expect, test } from '@jest/globals';
import type { LockRecord, RotationRecord } from '#etcd/record.ts';
import { leaseToleranceMs, leftBehind } from '#etcd/rotation.ts';
import { resumeLeftovers } from '../../../agent/duties/rotationLeftovers.ts';

const rotation: RotationRecord = {
  cluster: 'etcd',
  item: 'rotation',
  token: 4,
  execution: 'first',
  reason: 'new image',
  beganAt: 'then',
  instances: ['i-1'],
  desiredCapacity: 3,
  suspended: ['AZRebalance', 'ReplaceUnhealthy'],
  replaced: [],
};
const now = 1_000_000_000;
const held: LockRecord = { cluster: 'etcd', item: 'lock', token: 4, holder: 'first', leaseUntilMs: now };

describe('a rotation is left behind', () => {
  test.each<[string, RotationRecord | null, LockRecord | null, number, boolean]>([
    ['not where there was none', null, held, now, false],
    ['not while its lease runs', rotation, held, now - 1, false],
    ['not where clocks may differ by as much', rotation, held, now + leaseToleranceMs, false],
    ['when its lease ran out', rotation, held, now + leaseToleranceMs + 1, true],
    ['when the lock was freed', rotation, { cluster: 'etcd', item: 'lock', token: 4 }, now - 1, true],
    ['when another operation has the lock', rotation, { ...held, token: 5, holder: 'x' }, now - 1, true],
    ['not where the group was put back', { ...rotation, restoredAt: 'then' }, null, now, false],
    ['not where it suspended nothing', { ...rotation, suspended: [] }, null, now, false],
  ])('%s', (_, begun, lock, nowMs, expected) => {
    expect(leftBehind(begun, lock, nowMs) !== null).toBe(expected);
  });
});

describe('the leader’s agent', () => {
  async function round(
    suspendedProcesses: readonly string[],
    lock: LockRecord,
    begun: RotationRecord | null = rotation,
  ) {
    const resumed: [string, string, readonly string[]][] = [];
    const audited: string[] = [];
    await resumeLeftovers({
      rotation: {
        read: async () => begun,
        resumeProcesses: async (region, group, processes) => void resumed.push([region, group, processes]),
      },
      record: {
        readLock: async () => lock,
        readSettings: async () => ({ groupName: 'members' }) as never,
        audit: async ({ what }) => void audited.push(what),
      },
      instancesIn: (region) => ({
        group: async () =>
          ({ suspendedProcesses: region === 'home' || region === begun?.region ? suspendedProcesses : [] }) as never,
      }),
      homeRegion: 'home',
      log: () => {},
      nowMs: () => now,
    });
    return { resumed, audited };
  }
  const free: LockRecord = { cluster: 'etcd', item: 'lock', token: 4 };

  test('resumes what the rotation suspended and what is still suspended, and says so', async () => {
    const { resumed, audited } = await round(['HealthCheck', 'AZRebalance'], free);
    expect(resumed).toEqual([['home', 'members', ['AZRebalance']]]);
    expect(audited).toEqual(['Auto Scaling processes resumed: AZRebalance']);
  });

  test('resumes it in the region that was rotated', async () => {
    const { resumed } = await round(['AZRebalance'], free, { ...rotation, region: 'other' });
    expect(resumed).toEqual([['other', 'members', ['AZRebalance']]]);
  });

  test('does nothing where nothing is left, or the execution is at it', async () => {
    for (const none of [
      await round(['HealthCheck'], free),
      await round(['AZRebalance'], held),
      await round([], free, null),
    ])
      expect(none).toEqual({ resumed: [], audited: [] });
  });
});
