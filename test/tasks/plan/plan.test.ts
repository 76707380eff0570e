import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { BootstrapRecord } from '#etcd/record.ts';
import type { LedgerEntry } from '../../../agent/protocol.ts';
import { agreementOf, type Report } from '../../../tasks/plan/agreement.ts';
import { healthCommandId } from '../../../tasks/plan/command.ts';
import { commandState } from '../../../tasks/plan/commandState.ts';
import { explain } from '../../../tasks/plan/explanation.ts';
import { type GroupInstance, memberOf, searchInstances } from '../../../tasks/plan/members.ts';
import { missingMembers, recordState } from '../../../tasks/plan/recordState.ts';
import { checkBootstrapInput } from '../../../tasks/plan/request.ts';

const instance = fc.record({
  instanceId: fc.stringMatching(/^i-[0-9a-f]{4}$/),
  zone: fc.constantFrom('a', 'b', 'c'),
  lifecycleState: fc.constantFrom('InService', 'InService', 'Pending', 'Terminating'),
  health: fc.constantFrom('Healthy', 'HEALTHY', 'Unhealthy'),
});
const group = fc.uniqueArray(instance, { selector: ({ instanceId }) => instanceId, maxLength: 9 });
const usable = ({ lifecycleState, health }: GroupInstance) => lifecycleState === 'InService' && health !== 'Unhealthy';

describe('the instances for a new cluster', () => {
  test('are as many as wanted, in service, spread over the zones, and the same in whatever order they are listed', () => {
    fc.assert(
      fc.property(group, fc.constantFrom(1, 3, 5, 7), (instances, wanted) => {
        const { verdict, chosen, reason } = searchInstances(instances, wanted);
        const found = instances.filter(usable);
        expect(verdict).toBe(found.length >= wanted ? 'ready' : 'waiting');
        expect(chosen).toHaveLength(verdict === 'ready' ? wanted : 0);
        expect(chosen.every(usable)).toBe(true);
        expect(searchInstances([...instances].reverse(), wanted).chosen).toEqual(chosen);
        const perZone = ['a', 'b', 'c'].map((zone) => chosen.filter((one) => one.zone === zone).length);
        const spare = ['a', 'b', 'c'].filter(
          (zone, at) => found.filter((one) => one.zone === zone).length > (perZone[at] ?? 0),
        );
        for (const zone of spare)
          expect(Math.max(...perZone) - (perZone['abc'.indexOf(zone)] ?? 0)).toBeLessThanOrEqual(1);
        for (const one of instances.filter((one) => !usable(one) && verdict === 'waiting'))
          expect(reason).toContain(one.instanceId);
      }),
    );
  });

  test('become members by their instance id', () => {
    expect(memberOf({ instanceId: 'i-1', zone: 'a', address: '10.0.0.1' })).toEqual({
      name: 'i-1',
      instanceId: 'i-1',
      zone: 'a',
      address: '10.0.0.1',
      peerUrl: 'http://10.0.0.1:2380',
      clientUrl: 'http://10.0.0.1:2379',
    });
  });
});

const record = (more: Partial<BootstrapRecord> = {}): BootstrapRecord => ({
  cluster: 'etcd',
  item: 'bootstrap',
  clusterToken: 't',
  etcdVersion: '3.5.35',
  members: ['i-1', 'i-2'].map((instanceId) => memberOf({ instanceId, zone: 'a', address: '10.0.0.1' })),
  writtenAt: '2026-01-01T00:00:00Z',
  writtenBy: 'arn',
  ...more,
});

describe('the bootstrap record', () => {
  const found = [{ instanceId: 'i-9', zone: 'a', address: '10.0.0.9' }];
  test('names the members until the cluster was created; then the group does', () => {
    expect(recordState(null, found)).toEqual({ state: 'absent', members: [], names: [], etcdVersion: null });
    expect(recordState(record(), found)).toMatchObject({ state: 'written', names: ['i-1', 'i-2'] });
    expect(recordState(record({ createdAt: 'now' }), found)).toEqual({
      state: 'created',
      members: [{ name: 'i-9', instanceId: 'i-9' }],
      names: [],
      etcdVersion: null,
    });
  });

  test('misses an instance that left before that, and never afterwards', () => {
    expect(missingMembers(record(), ['i-2', 'i-3'])).toEqual(['i-1']);
    expect(missingMembers(record(), ['i-1', 'i-2'])).toEqual([]);
    expect(missingMembers(record({ createdAt: 'now' }), [])).toEqual([]);
    expect(missingMembers(null, [])).toEqual([]);
  });
});

describe('an input of ClusterBootstrap', () => {
  test('is the name of this cluster', () =>
    expect(checkBootstrapInput({ cluster: 'etcd' }, 'etcd')).toEqual({ cluster: 'etcd' }));

  test.each<[unknown, string]>([
    [null, 'the input is null, not an object'],
    ['etcd', 'the input is "etcd", not an object'],
    [['etcd'], 'the input is a list, not an object'],
    [{}, 'the input lacks the field cluster; allowed: {"cluster": "etcd"}'],
    [{ cluster: 7 }, 'cluster is 7, not a name'],
    [{ cluster: {} }, 'cluster is an object, not a name'],
    [{ cluster: 'other' }, "cluster is 'other', which is not this stack's"],
    [{ cluster: 'etcd', members: 3, force: true }, 'the input has unknown fields: members, force'],
  ])('%j is refused', (input, message) => expect(() => checkBootstrapInput(input, 'etcd')).toThrow(message));

  test('is anything else only to be refused', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (input) => {
        expect(() => checkBootstrapInput(input, 'etcd')).toThrow(expect.objectContaining({ name: 'InvalidInput' }));
      }),
    );
  });
});

const report = (member: string, more: Partial<Report> = {}): Report => ({
  member,
  clusterId: 'c',
  etcdVersion: '3.5.35',
  isLeader: member === 'a',
  members: ['a', 'b'],
  ...more,
});

describe('what the members report', () => {
  test('agrees', () => {
    expect(agreementOf([report('b'), report('a')])).toEqual({
      verdict: 'agreed',
      clusterId: 'c',
      etcdVersion: '3.5.35',
      members: ['a', 'b'],
      leader: 'a',
    });
    expect(agreementOf([report('a', { isLeader: false }), report('b')])).toMatchObject({
      verdict: 'agreed',
      leader: null,
    });
  });

  test.each<[string, Report[], string]>([
    ['nobody', [], 'no member reported'],
    ['another cluster', [report('a'), report('b', { clusterId: 'd' })], 'different cluster ids: a c, b d'],
    [
      'another version',
      [report('a'), report('b', { etcdVersion: '3.4.15' })],
      'different etcd versions: a 3.5.35, b 3.4.15',
    ],
    ['one member less', [report('a'), report('b', { members: ['b'] })], 'b lists b where a, b reported'],
    [
      'one member more',
      [report('a'), report('b', { members: ['a', 'b', 'x'] })],
      'b lists a, b, x where a, b reported',
    ],
    ['no list', [report('a'), report('b', { members: [] })], 'b lists nobody'],
  ])('disagrees with %s', (_what, reports, reason) => {
    const agreement = agreementOf(reports);
    expect(agreement).toMatchObject({ verdict: 'disagreed' });
    expect(JSON.stringify(agreement)).toContain(reason);
  });
});

describe('a command that nobody called back for', () => {
  const id = healthCommandId('arn:aws:states:eu-west-1:123456789012:execution:machine:first', 'i-1', 2);
  const reply = (command: unknown): LedgerEntry => ({
    id: 'look',
    command: 'describe',
    receivedAt: '',
    outcome: { status: 'succeeded', result: { phase: 'running', reason: 'well', command } },
  });
  test('is named by execution, state, member and attempt', () => expect(id).toBe('first/awaitHealthy/i-1/2'));

  test.each<[string, unknown, object]>([
    [
      'was never heard of',
      null,
      { status: 'unknown', nextAttempt: 3, cause: expect.stringContaining('has not had the command') },
    ],
    [
      'still runs',
      { outcome: { status: 'running' } },
      { status: 'running', cause: expect.stringContaining('still waits') },
    ],
    [
      'succeeded',
      { outcome: { status: 'succeeded', result: { member: 'i-1' } } },
      { status: 'succeeded', result: { member: 'i-1' } },
    ],
    [
      'failed',
      { outcome: { status: 'failed', fault: 'MemberCrashLooping', cause: 'why' } },
      { status: 'failed', fault: 'MemberCrashLooping', cause: 'why' },
    ],
  ])('%s', (_what, command, state) => expect(commandState(reply(command), 'i-1', 2)).toMatchObject(state));

  test('of an agent that could not describe itself is unknown', () => {
    expect(commandState({ ...reply(null), outcome: { status: 'running' } }, 'i-1', 1)).toMatchObject({
      status: 'unknown',
    });
  });
});

describe('a failure in an operator’s words', () => {
  test.each<[string, string, string]>([
    [
      'MemberNotHealthy',
      '{"errorType":"MemberNotHealthy","errorMessage":"i-1 is late"}',
      'i-1 is late (runbook: docs/runbook.md#member-not-healthy)',
    ],
    [
      'MemberNotHealthy',
      'i-1 is late (runbook: docs/runbook.md#member-not-healthy)',
      'i-1 is late (runbook: docs/runbook.md#member-not-healthy)',
    ],
    ['LockHeld', '', 'Another operation holds the lock of this cluster. (runbook: docs/runbook.md#lock-held)'],
    ['States.Timeout', '', 'the state machine stopped without a cause (runbook: docs/runbook.md#unexpected-errors)'],
    ['Lambda.Unknown', 'boom', 'boom (runbook: docs/runbook.md#unexpected-errors)'],
  ])('%s %s', (error, Cause, cause) => expect(explain({ Error: error, Cause })).toEqual({ error, cause }));

  test('always names a runbook heading and fits a Fail state', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.oneof(fc.string(), fc.json(), fc.string({ minLength: 5_000, maxLength: 6_000 })),
        (error, Cause) => {
          const { cause } = explain({ Error: error, Cause });
          expect(cause).toContain('docs/runbook.md#');
          expect(cause.length).toBeLessThan(4_100);
        },
      ),
    );
  });
});
