/** What agents say in CloudWatch: which values, of what, and that the records are in the embedded metric format. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { KnownMember } from '#etcd/knownMembers.ts';
import {
  type ClusterFacts,
  clusterMetrics,
  clusterValues,
  type MemberFacts,
  memberMetrics,
  memberValues,
  metricPeriodSeconds,
  metricRecord,
  quotaBytesOf,
  untilNextRecordMs,
} from '#etcd/metrics.ts';

const well: MemberFacts = {
  healthy: true,
  phase: 'running',
  isLeader: false,
  leaderId: 'a',
  database: null,
  leaderChanges: 0,
  agentRestarts: 0,
  etcdCrashes: 0,
  certificateSecondsLeft: null,
};

function member(number: number, more: Partial<KnownMember> = {}): KnownMember {
  const peerUrls = [`http://10.0.0.${number}:2380`];
  const alive = { isLearner: false, healthy: true, instance: 'live', zone: 'a', region: 'r' } as const;
  return { id: `${number}`, name: `i-0000000${number}`, peerUrls, ...alive, ...more };
}

const three: ClusterFacts = {
  members: [member(1), member(2), member(3)],
  wanted: 3,
  versions: ['3.5.35', '3.5.35', '3.5.35'],
  findings: [],
  alarms: [],
  dns: 'inSync',
  lock: 'never taken',
  nowMs: Date.parse('2026-01-01T01:00:00Z'),
};

describe('a member', () => {
  test('that is well', () => {
    expect(memberValues(well)).toEqual({
      MemberHealthy: 1,
      IsLeader: 0,
      HasLeader: 1,
      CrashLooping: 0,
      WaitingToJoin: 0,
      Leaving: 0,
      LeaderChanges: 0,
      AgentRestarts: 0,
      EtcdCrashes: 0,
    });
  });

  test.each([
    ['crashLooping', 'CrashLooping'],
    ['awaitingJoin', 'WaitingToJoin'],
    ['joining', 'WaitingToJoin'],
    ['leaving', 'Leaving'],
  ] as const)('whose agent is %s', (phase, metric) => {
    const values = memberValues({ ...well, phase });
    const phases = ['CrashLooping', 'WaitingToJoin', 'Leaving'] as const;
    expect(phases.filter((name) => values[name] === 1)).toEqual([metric]);
  });

  test('has no size in use where etcd tells none', () => {
    const database = { bytes: 20_480, inUseBytes: null, quotaBytes: 2_147_483_648 };
    const values = memberValues({ ...well, leaderId: null, database });
    expect(values).toMatchObject({ HasLeader: 0, DatabaseSize: 20_480, DatabaseQuota: 2_147_483_648 });
    expect(values).not.toHaveProperty('DatabaseSizeInUse');
    expect(memberValues({ ...well, database: { ...database, inUseBytes: 1 } })).toHaveProperty('DatabaseSizeInUse', 1);
  });
});

describe('a cluster', () => {
  test('that is well', () => {
    expect(clusterValues(three)).toEqual({
      MembersWanted: 3,
      Voters: 3,
      HealthyVoters: 3,
      Learners: 0,
      QuorumMargin: 1,
      MembersMissing: 0,
      DeadMembers: 0,
      LateNewcomers: 0,
      TooFewMembers: 0,
      SurplusMembers: 0,
      NoSpaceAlarms: 0,
      CorruptAlarms: 0,
      VersionSkew: 0,
      DnsNotOurs: 0,
      DnsUnknown: 0,
      LockHeld: 0,
      LockHeldFor: 0,
    });
  });

  test.each<[string, Partial<ClusterFacts>, object]>([
    [
      'with one of three down',
      { members: [member(1), member(2), member(3, { healthy: false })] },
      { Voters: 3, HealthyVoters: 2, QuorumMargin: 0, MembersMissing: 1 },
    ],
    [
      'with two of five down',
      { wanted: 5, members: [1, 2, 3, 4, 5].map((one) => member(one, { healthy: one > 2 })) },
      { HealthyVoters: 3, QuorumMargin: 0, MembersMissing: 2 },
    ],
    [
      'with a voter that has not started, which counts in the quorum',
      { members: [...three.members, member(4, { name: '', healthy: false })] },
      { Voters: 4, HealthyVoters: 3, QuorumMargin: 0 },
    ],
    [
      'with a learner, which does not',
      { members: [...three.members, member(4, { isLearner: true })] },
      { Voters: 3, Learners: 1, QuorumMargin: 1 },
    ],
    ['with members of two versions', { versions: ['3.5.35', '3.4.15', '3.5.35'] }, { VersionSkew: 1 }],
    ['with alarms', { alarms: ['NOSPACE', 'CORRUPT', 'NOSPACE'] }, { NoSpaceAlarms: 2, CorruptAlarms: 1 }],
    ['whose DNS names are somebody else’s', { dns: 'notOurs' }, { DnsNotOurs: 1, DnsUnknown: 0 }],
    ['whose DNS cannot be read', { dns: 'unknown' }, { DnsNotOurs: 0, DnsUnknown: 1 }],
    [
      'whose lock is held',
      { lock: { cluster: 'etcd', item: 'lock', token: 3, holder: 'arn:x', takenAt: '2026-01-01T00:58:30Z' } },
      { LockHeld: 1, LockHeldFor: 90 },
    ],
    ['whose lock was freed', { lock: { cluster: 'etcd', item: 'lock', token: 3 } }, { LockHeld: 0, LockHeldFor: 0 }],
    [
      'with a dead member that cannot be removed: two findings of one member',
      {
        findings: [
          { kind: 'deadMember', text: 'the instance of i-0000000a is gone' },
          { kind: 'deadMember', text: 'i-0000000a cannot be removed: i-0000000b is down' },
          { kind: 'deadMember', text: 'the instance of i-0000000c is gone' },
          { kind: 'memberMissing', text: '1 of 3 members' },
        ],
      },
      { DeadMembers: 2, TooFewMembers: 1, SurplusMembers: 0, LateNewcomers: 0 },
    ],
  ])('%s', (_, facts, values) => expect(clusterValues({ ...three, ...facts })).toMatchObject(values));

  test('says nothing of what is not known', () => {
    const values = clusterValues({ ...three, findings: null, alarms: null, dns: null, lock: null, versions: [] });
    expect(Object.keys(values)).toEqual([
      'MembersWanted',
      'Voters',
      'HealthyVoters',
      'Learners',
      'QuorumMargin',
      'MembersMissing',
    ]);
  });
});

describe('a record', () => {
  const place = { cluster: 'etcd', member: 'i-00000001', atMs: 1_767_225_600_000 };
  test('of a member counts for the member and for all of them', () => {
    expect(metricRecord({ MemberHealthy: 1, DatabaseSize: 5 }, place)).toEqual({
      _aws: {
        Timestamp: 1_767_225_600_000,
        CloudWatchMetrics: [
          {
            Namespace: 'EtcdAppliance',
            Dimensions: [['Cluster', 'Member'], ['Cluster']],
            Metrics: [
              { Name: 'MemberHealthy', Unit: 'Count' },
              { Name: 'DatabaseSize', Unit: 'Bytes' },
            ],
          },
        ],
      },
      Cluster: 'etcd',
      Member: 'i-00000001',
      MemberHealthy: 1,
      DatabaseSize: 5,
    });
  });

  test('of the cluster names no member', () => {
    const record = metricRecord({ LockHeldFor: 5 }, { ...place, member: null });
    expect(record).not.toHaveProperty('Member');
    expect(JSON.stringify(record)).toContain(
      '"Dimensions":[["Cluster"]],"Metrics":[{"Name":"LockHeldFor","Unit":"Seconds"}]',
    );
  });

  test('keeps AWS’s limit of 100 metrics, and no name is both a member’s and the cluster’s', () => {
    const names = [...Object.keys(memberMetrics), ...Object.keys(clusterMetrics)];
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeLessThanOrEqual(100);
  });
});

test.each([
  [[], 2 * 1024 ** 3],
  [['--name=i-1', '--quota-backend-bytes=0'], 2 * 1024 ** 3],
  [['--quota-backend-bytes=8589934592', '--name=i-1'], 8_589_934_592],
  [['--quota-backend-bytes=1', '--quota-backend-bytes=4096'], 4096],
])('the quota of an etcd started with %j is %d', (args, bytes) => expect(quotaBytesOf(args)).toBe(bytes));

test('records come in the middle of each minute, once', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 42 }), (nowMs) => {
      const periodMs = metricPeriodSeconds * 1000;
      const waitMs = untilNextRecordMs(nowMs);
      expect(waitMs).toBeGreaterThan(0);
      expect(waitMs).toBeLessThanOrEqual(periodMs);
      expect((nowMs + waitMs) % periodMs).toBe(periodMs / 2);
    }),
  );
});
