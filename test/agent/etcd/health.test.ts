import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bootDecision } from '#etcd/bootstrap.ts';
import { type HealthExpectation, healthVerdict, type MemberObservation, noHttp2 } from '#etcd/health.ts';

const well: MemberObservation = {
  name: 'a',
  processRunning: true,
  crashLooping: false,
  serverVersion: '3.5.35',
  clusterVersion: '3.5.0',
  leaderId: '1',
  learner: false,
  readAndWrite: { ok: true },
  members: ['a', 'b'],
  alarms: [],
  offersHttp2: null,
};
const expected: HealthExpectation = { version: '3.5.35', members: ['a', 'b'] };

const observation: fc.Arbitrary<MemberObservation> = fc.record({
  name: fc.constant('a'),
  processRunning: fc.boolean(),
  crashLooping: fc.boolean(),
  serverVersion: fc.constantFrom(null, '3.5.35', '3.4.15'),
  clusterVersion: fc.constantFrom(null, '3.5.0'),
  leaderId: fc.constantFrom(null, '1'),
  learner: fc.boolean(),
  readAndWrite: fc.constantFrom({ ok: true as const }, { ok: false as const, error: 'etcdserver: not capable' }),
  members: fc.constantFrom(null, ['a', 'b'], ['a'], ['a', 'b', '']),
  alarms: fc.constantFrom([], ['NOSPACE']),
  offersHttp2: fc.constantFrom(null, true, false),
});

describe('a member', () => {
  test('is healthy only with an answered read and write, a leader, and the version and members expected', () => {
    fc.assert(
      fc.property(observation, (seen) => {
        const verdict = healthVerdict(seen, expected);
        if (verdict.verdict !== 'healthy') return expect(verdict.reasons.length).toBeGreaterThan(0);
        expect(seen).toMatchObject({
          processRunning: true,
          crashLooping: false,
          serverVersion: '3.5.35',
          leaderId: '1',
          learner: false,
          readAndWrite: { ok: true },
          members: ['a', 'b'],
          alarms: [],
        });
        expect(seen.offersHttp2).not.toBe(false);
      }),
    );
    expect(healthVerdict(well, expected)).toEqual({ verdict: 'healthy' });
    expect(healthVerdict(well, { version: null, members: [] })).toEqual({ verdict: 'healthy' });
  });

  test.each<[Partial<MemberObservation>, 'converging' | 'unhealthy', string]>([
    [{ processRunning: false }, 'converging', 'etcd on a is not running'],
    [{ serverVersion: null }, 'converging', 'etcd on a does not answer /version'],
    [{ leaderId: null }, 'converging', 'a sees no leader'],
    [{ learner: true }, 'converging', 'a is still a learner'],
    [{ members: null }, 'converging', 'a does not list the members'],
    [{ members: ['a'] }, 'converging', 'a does not list the member b'],
    [{ members: ['a', 'b', 'c'] }, 'converging', 'a lists a member c that is not expected'],
    [{ members: ['a', 'b', ''] }, 'converging', 'a lists a member (not started yet) that is not expected'],
    [
      { readAndWrite: { ok: false, error: 'etcdserver: not capable' } },
      'converging',
      'a read and write at a failed: etcdserver: not capable',
    ],
    [{ crashLooping: true }, 'unhealthy', 'etcd on a exits again and again'],
    [{ alarms: ['CORRUPT'] }, 'unhealthy', 'a has the alarm CORRUPT'],
    [{ offersHttp2: false }, 'unhealthy', noHttp2('a')],
    [{ serverVersion: '3.4.15' }, 'unhealthy', 'a runs etcd 3.4.15, not 3.5.35'],
  ])('%j: %s, %s', (change, verdict, reason) => {
    expect(healthVerdict({ ...well, ...change }, expected)).toEqual({ verdict, reasons: [reason] });
  });
});

const member = (instanceId: string) => ({
  name: instanceId,
  instanceId,
  zone: 'a',
  address: '10.0.0.1',
  peerUrl: '',
  clientUrl: '',
});
const claim = fc.constantFrom(null, 'mine', 'other');
const boot = fc.record({
  instanceId: fc.constant('i-1'),
  diskHasMember: fc.boolean(),
  claimOnDisk: claim,
  claimInRecord: claim,
  bootstrap: fc.option(
    fc.record(
      {
        members: fc.constantFrom([member('i-1'), member('i-2')], [member('i-2')]),
        createdAt: fc.constant('2026-01-01T00:00:00Z'),
      },
      { requiredKeys: ['members'] },
    ),
  ),
});

describe('an agent that boots', () => {
  test('forms a cluster only where the record names it, none was created, and nobody started this member on another disk', () => {
    fc.assert(
      fc.property(boot, (facts) => {
        const { action, reason } = bootDecision(facts);
        expect(reason).not.toBe('');
        expect(action === 'startExisting').toBe(facts.diskHasMember);
        if (action !== 'formNew') return;
        expect(facts.bootstrap?.createdAt).toBeUndefined();
        expect(facts.bootstrap?.members.some(({ instanceId }) => instanceId === 'i-1')).toBe(true);
        expect([null, facts.claimOnDisk]).toContain(facts.claimInRecord);
      }),
      { numRuns: 1_000 },
    );
  });

  test.each<[Partial<Parameters<typeof bootDecision>[0]>, string, string]>([
    [{}, 'awaitBootstrap', 'there is no bootstrap record yet'],
    [{ diskHasMember: true }, 'startExisting', 'the disk holds a member'],
    [{ bootstrap: { members: [member('i-1')] } }, 'formNew', 'names i-1'],
    [{ bootstrap: { members: [member('i-1')], createdAt: 'X' } }, 'awaitJoin', 'created at X and this disk is empty'],
    [{ bootstrap: { members: [member('i-2')] } }, 'awaitJoin', 'does not name i-1'],
    [
      { bootstrap: { members: [member('i-1')] }, claimInRecord: 'lost' },
      'awaitJoin',
      'was started before, on a disk that is gone',
    ],
    [{ bootstrap: { members: [member('i-1')] }, claimInRecord: 'c', claimOnDisk: 'c' }, 'formNew', 'names i-1'],
    [{ bootstrap: { members: [member('i-1')] }, claimOnDisk: 'c' }, 'formNew', 'names i-1'],
  ])('%j: %s', (change, action, reason) => {
    const facts = {
      instanceId: 'i-1',
      diskHasMember: false,
      claimOnDisk: null,
      claimInRecord: null,
      bootstrap: null,
      ...change,
    };
    expect(bootDecision(facts)).toEqual({ action, reason: expect.stringContaining(reason) });
  });
});
