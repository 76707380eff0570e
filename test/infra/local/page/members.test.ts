import { describe, expect, test } from '@jest/globals';
import type { Description } from '../../../../agent/protocol.ts';
import { clusterHealth, memberView } from '../../../../infra/local/page/members.ts';
import { upkeepView } from '../../../../infra/local/page/upkeep.ts';
import { member } from './rehearsal.ts';

const instance = { instanceId: 'i-1', address: '127.20.1.11', zone: 'us-east-1a', state: 'running' };
const etcd = { id: 'a', clusterId: 'c', clusterVersion: '3.5.0', isLeader: false, leaderId: 'b' } as const;
const members = [
  { id: 'a', name: 'etcd-a', isLearner: false },
  { id: 'b', name: 'etcd-b', isLearner: false },
];
const running: Description = {
  instanceId: 'i-1',
  cluster: 'etcd',
  zone: 'us-east-1a',
  address: '127.20.1.11',
  agentVersion: '0.1.0',
  phase: 'running',
  reason: 'etcd runs',
  etcd: { pid: 7, version: '3.5.35', starts: 1, crashes: 0, lastExit: null },
  member: { ...etcd, members },
  health: { verdict: 'healthy' },
  database: { bytes: 20_480, inUseBytes: 16_384, quotaBytes: 2 * 1024 ** 3 },
  housekeeping: null,
  dns: null,
  command: null,
};

describe('memberView', () => {
  test('of a healthy follower', () => {
    expect(memberView(instance, running)).toEqual({
      name: 'etcd-a',
      instanceId: 'i-1',
      zone: 'us-east-1a',
      address: '127.20.1.11',
      instanceState: 'running',
      version: '3.5.35',
      role: 'follower',
      health: 'healthy',
      reasons: [],
      serves: { transport: 'plain', certificateEndsAt: null },
      database: { bytes: 20_480, quotaBytes: 2 * 1024 ** 3 },
    });
  });

  test.each<[string, Description['member'], string | null]>([
    ['leader', { ...etcd, isLeader: true, leaderId: 'a', members }, 'leader'],
    ['learner', { ...etcd, members: [{ id: 'a', name: 'etcd-a', isLearner: true }] }, 'learner'],
    ['member without a leader', { ...etcd, leaderId: null, members }, null],
    ['member without an id', { ...etcd, id: null, members }, null],
    ['instance without etcd', null, null],
  ])('of a %s', (_, seen, role) => {
    expect(memberView(instance, { ...running, member: seen }).role).toBe(role);
  });

  test('gives the reasons of a verdict', () => {
    const health = { verdict: 'unhealthy', reasons: ['NOSPACE alarm'] } as const;
    expect(memberView(instance, { ...running, health })).toMatchObject({
      health: 'unhealthy',
      reasons: ['NOSPACE alarm'],
    });
  });

  test('says what the agent is doing where etcd does not run yet', () => {
    const waiting: Description = {
      ...running,
      phase: 'awaitingBootstrap',
      reason: 'no bootstrap record yet',
      member: null,
      health: { verdict: 'converging', reasons: ['etcd does not run'] },
    };
    expect(memberView(instance, waiting)).toMatchObject({
      name: 'i-1',
      health: 'converging',
      reasons: ['no bootstrap record yet', 'etcd does not run'],
    });
  });

  test('says that an agent does not answer', () => {
    expect(memberView(instance, { unanswered: 'nothing within 1000 ms' })).toMatchObject({
      name: 'i-1',
      health: 'unknown',
      role: null,
      version: null,
      reasons: ['nothing within 1000 ms'],
    });
  });
});

describe('clusterHealth', () => {
  const ill = { health: 'unhealthy', reasons: ['x'] } as const;
  const young = { health: 'converging', role: null, version: null } as const;
  test.each([
    ['no instances', [], 'starting', 'No instances yet'],
    ['all well', [member(1), member(2), member(3)], 'healthy', '3 of 3 members healthy, leader etcd-1'],
    ['one alone', [member(1)], 'healthy', '1 of 1 member healthy, leader etcd-1'],
    ['one ill', [member(1), member(2), member(3, ill)], 'degraded', '2 of 3 members healthy, leader etcd-1'],
    [
      'the leader ill',
      [member(2), member(3), member(1, { ...ill, role: null })],
      'degraded',
      '2 of 3 members healthy, no leader',
    ],
    ['two ill', [member(1), member(2, ill), member(3, ill)], 'down', '1 of 3 members healthy: no quorum'],
    [
      'two of four',
      [member(1), member(2), member(3, ill), member(3, ill)],
      'down',
      '2 of 4 members healthy: no quorum',
    ],
    ['all starting', [member(1, young), member(2, young)], 'starting', '0 of 2 members healthy so far'],
    [
      'a learner behind',
      [member(1), member(2, { role: 'learner', ...ill })],
      'healthy',
      '1 of 1 member healthy, leader etcd-1',
    ],
  ] as const)('%s', (_, all, verdict, summary) => {
    expect(clusterHealth(all)).toEqual({ verdict, summary });
  });
});

describe('upkeepView', () => {
  const free = { cluster: 'etcd', item: 'lock', token: 3 } as const;
  const dns = { verdict: 'notOurs', reason: 'somebody else has it' } as const;
  const findings = [{ kind: 'memberMissing', text: '2 of 3 members' }] as const;
  const leader: Description = { ...running, dns, housekeeping: { at: '', paused: null, findings } };

  test('is what the leader’s agent says', () => {
    expect(upkeepView([running, leader], null, null)).toEqual({
      lock: { held: null },
      dns,
      housekeeping: { paused: null, findings: ['2 of 3 members'] },
    });
  });

  test('says nothing where nothing is known', () => {
    expect(upkeepView([running], undefined, null)).toEqual({ lock: null, dns: null, housekeeping: null });
  });

  test('names who holds the lock', () => {
    const takenAt = '2026-01-01T00:00:00.000Z';
    expect(upkeepView([], free, null).lock).toEqual({ held: null });
    expect(upkeepView([], { ...free, holder: 'arn:x', purpose: 'upgrade', takenAt }, 'FAILED').lock).toEqual({
      held: { holder: 'arn:x', purpose: 'upgrade', takenAt, status: 'FAILED' },
    });
  });
});
