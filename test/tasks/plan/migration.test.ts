/** What MigrateToTls and ReconfigureMembers decide. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Transport, transports } from '#etcd/transport.ts';
import type { MemberSecurity } from '../../../agent/protocol.ts';
import { securityCommandId } from '../../../tasks/plan/command.ts';
import { chooseUnfit, fits } from '../../../tasks/plan/memberSecurity.ts';
import {
  begunMigration,
  endedMigration,
  migrationPlan,
  migrationProblems,
  nextStep,
  servedBy,
  wayOf,
} from '../../../tasks/plan/migration.ts';
import { checkMigrationInput, migrationRefusal } from '../../../tasks/plan/migrationRequest.ts';
import type { MemberSurvey, UpgradeFacts } from '../../../tasks/plan/upgradeFacts.ts';
import { reportOf, type Seen, whole } from './rotationFacts.ts';

const names = ['i-1', 'i-2', 'i-3'];
const [one, two] = ['1'.repeat(64), '2'.repeat(64)];

function surveyOf(name: string, security: Partial<MemberSecurity> = {}, seen: Seen = {}): MemberSurvey {
  const { description } = reportOf(name, names, { leader: 'i-3', ...seen });
  const has = { transport: 'plain', trusted: [], issuer: '', endsAt: null, ...security };
  const survey = { description, security: has, raftIndex: 9, clockMs: 1_000, authEnabled: false };
  return { instanceId: name, survey: survey as unknown as MemberSurvey['survey'], problem: '', answeredAtMs: 1_000 };
}
const serving = (...served: readonly Transport[]) =>
  served.map((transport, at) => surveyOf(names[at] ?? '', { transport }));
const wanted = (transport: Transport, trusted: readonly string[] = [], issuer = '') => ({ transport, trusted, issuer });
const silent: MemberSurvey = { instanceId: 'i-1', survey: null, problem: 'no answer', answeredAtMs: 0 };

describe('the next step', () => {
  test.each<[Transport[], Transport, Transport | null]>([
    [['plain', 'plain', 'plain'], 'both', 'both'],
    [['plain', 'plain', 'plain'], 'tls', 'both'],
    [['both', 'both', 'both'], 'tls', 'tls'],
    [['tls', 'tls', 'tls'], 'tls', null],
    [['plain', 'both', 'both'], 'tls', 'both'],
    [['both', 'tls', 'both'], 'tls', 'both'],
    [['both', 'tls', 'both'], 'plain', 'both'],
    [['plain', 'both', 'plain'], 'plain', 'both'],
    [['tls', 'tls', 'tls'], 'plain', 'both'],
  ])('of members that serve %j on their way to %s is %s', (served, to, next) => {
    expect(nextStep(serving(...served), to)).toBe(next);
  });

  test('brings members to the end from wherever they were left, and never one to TLS beside one in the clear', () => {
    const anywhere = fc.array(fc.constantFrom(...transports), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(anywhere, fc.constantFrom(...transports), fc.nat(3), (from, to, stopsAt) => {
        let served = [...from];
        // A migration only ever leaves members that are one step apart.
        if (served.includes('plain') && served.includes('tls')) return;
        for (let steps = 0; ; steps++) {
          expect(steps).toBeLessThanOrEqual(4);
          const next = nextStep(serving(...served), to);
          if (next === null) break;
          for (const at of served.keys()) {
            served = served.map((was, index) => (index === at ? next : was));
            expect(served.includes('plain') && served.includes('tls')).toBe(false);
            if (steps === 0 && at === stopsAt) break;
          }
        }
        expect(served).toEqual([to, to, to]);
      }),
    );
  });

  test('of a plan is the whole way, in sentences', () => {
    expect(wayOf('tls', 'plain')).toEqual(['both', 'plain']);
    const plan = migrationPlan({ surveys: serving('plain', 'plain', 'plain') }, { to: 'tls' }, 'etcd');
    expect(plan).toMatchObject({ from: 'plain', to: 'tls', transports: ['both', 'tls'] });
    expect(plan.order.map(({ member, leads }) => [member, leads])).toEqual([
      ['i-1', false],
      ['i-2', false],
      ['i-3', true],
    ]);
    expect(plan.steps[1]).toContain('whoever has no certificate of the cluster is refused');
    expect(servedBy(serving('tls', 'both', 'tls'))).toBe('both');
  });
});

describe('the member that is next', () => {
  test.each([
    [{ transport: 'tls' as const }, wanted('tls'), true],
    [{ transport: 'both' as const }, wanted('tls'), false],
    [{ transport: 'tls' as const, trusted: [two, one], issuer: one }, wanted('tls', [one, two]), true],
    [{ transport: 'tls' as const, trusted: [one], issuer: one }, wanted('tls', [one, two]), false],
    [{ transport: 'tls' as const, trusted: [one, two], issuer: one }, wanted('tls', [one, two], two), false],
    [{ transport: 'tls' as const, trusted: [one, two], issuer: two }, wanted('tls', [one, two], two), true],
  ])('fits, or does not: %j, %j', (has, want, fit) => {
    expect(fits({ trusted: [], issuer: '', endsAt: null, ...has }, want)).toBe(fit);
  });

  test('is a follower first, the leader last, and nobody in the end', () => {
    const next = (served: readonly Transport[], previous = '') =>
      chooseUnfit(serving(...served), wanted('both'), previous);
    expect(next(['plain', 'plain', 'plain'])).toMatchObject({ next: { member: 'i-1', leads: false, remaining: 3 } });
    expect(next(['both', 'plain', 'plain'], 'i-1')).toMatchObject({ next: { member: 'i-2', remaining: 2 } });
    expect(next(['both', 'both', 'plain'], 'i-2')).toMatchObject({ next: { member: 'i-3', leads: true } });
    expect(next(['both', 'both', 'both'], 'i-3')).toMatchObject({ next: { step: 'done', member: '' } });
  });

  test('is the one that is not well, also where it serves as it is to; with two of them nobody is touched', () => {
    const sick = { unwell: 'it hangs' };
    const surveys = [surveyOf('i-1'), surveyOf('i-2', { transport: 'both' }, sick), surveyOf('i-3')];
    expect(chooseUnfit(surveys, wanted('both'))).toMatchObject({ next: { step: 'secure', member: 'i-2' } });
    expect(chooseUnfit(surveys, wanted('both'), 'i-2')).toMatchObject({ verdict: 'halted' });
    const two = [surveyOf('i-1', {}, sick), surveyOf('i-2', {}, sick), surveyOf('i-3')];
    expect(chooseUnfit(two, wanted('both'))).toMatchObject({ verdict: 'halted' });
    expect(chooseUnfit([silent, surveyOf('i-2'), surveyOf('i-3')], wanted('both'))).toMatchObject({
      verdict: 'halted',
    });
  });

  test('is not the one whose step has just ended', () => {
    expect(chooseUnfit(serving('plain', 'plain', 'plain'), wanted('both'), 'i-1')).toEqual({
      verdict: 'halted',
      problems: [
        'i-1 has ended its step and is not as it should be',
        'it serves otherwise, or with other certificates, than it was to',
      ],
    });
  });

  test('has a command of its own for each thing that it is to become', () => {
    const id = (want: Parameters<typeof securityCommandId>[1]) =>
      securityCommandId('arn:aws:states:x:execution:m:run', want, 'i-1');
    const ids = [
      wanted('both'),
      wanted('tls'),
      wanted('tls', [one]),
      wanted('tls', [one, two]),
      wanted('tls', [one, two], two),
    ].map(id);
    expect(new Set(ids).size).toBe(5);
    for (const text of ids) expect(text).toMatch(/^[\w.:@/-]{1,300}$/);
  });
});

describe('a preflight', () => {
  const facts = (changes: Partial<UpgradeFacts> = {}): UpgradeFacts => ({
    bootstrap: { createdAt: 'then' } as UpgradeFacts['bootstrap'],
    lock: null,
    holderEnded: false,
    rotation: null,
    upgrade: null,
    groups: [whole],
    surveys: serving('plain', 'plain', 'plain'),
    releases: [],
    ...changes,
  });
  const all = (changes: Partial<UpgradeFacts>) => {
    const { lasting, passing } = migrationProblems(facts(changes));
    return [...lasting, ...passing].join('; ');
  };

  test('has nothing against a whole cluster', () => {
    expect(migrationProblems(facts())).toEqual({ lasting: [], passing: [] });
  });

  test('names everything that is in the way', () => {
    expect(all({ bootstrap: null })).toContain('never recorded as created');
    expect(
      all({ lock: { holder: 'somebody', takenAt: 'then', purpose: 'RotateInstances' } as UpgradeFacts['lock'] }),
    ).toContain('somebody holds the lock');
    expect(all({ upgrade: { beganAt: 'then' } as UpgradeFacts['upgrade'] })).toContain(
      'an upgrade that began at then has not ended',
    );
    expect(all({ rotation: { beganAt: 'then' } as UpgradeFacts['rotation'] })).toContain(
      'has not given the group back',
    );
    const old = surveyOf('i-1', {}, { version: '2.0.0' });
    expect(all({ surveys: [old, surveyOf('i-2'), surveyOf('i-3')] })).toContain('upgrade to 2.0.5 or later first');
    expect(all({ surveys: [silent, surveyOf('i-2'), surveyOf('i-3')] })).toContain('i-1 does not answer: no answer');
    expect(all({ surveys: [...serving('plain', 'plain'), surveyOf('i-3', {}, { unwell: 'it hangs' })] })).not.toBe('');
  });
});

describe('a request', () => {
  test.each([
    [[], 'input must be an object, such as {"to":"both"}'],
    [{}, 'to is missing; allowed: "plain", "both", "tls"'],
    [{ to: 'https' }, 'to must be one of'],
    [{ to: 'tls', force: true }, 'force is an unknown field'],
    [{ to: 'tls', dryRun: 'yes' }, 'dryRun must be true or false'],
    [{ to: 'tls', pauseBetweenMembersSeconds: -1 }, 'pauseBetweenMembersSeconds must be a whole number'],
    [{ action: 'stop' }, 'action must be "migrate" or "abandon"'],
    [{ action: 'abandon', to: 'tls' }, 'to has no meaning'],
  ])('%j is refused: %s', (input, message) => {
    expect(() => checkMigrationInput(input)).toThrow(message);
  });

  test('is taken with its defaults, and anything else is refused without an exception of another kind', () => {
    const defaults = { action: 'migrate', dryRun: false, pauseBetweenMembersSeconds: 0 };
    expect(checkMigrationInput({ to: 'tls' })).toEqual({ ...defaults, to: 'tls' });
    expect(checkMigrationInput({ action: 'abandon' })).toMatchObject({ action: 'abandon' });
    fc.assert(fc.property(fc.anything(), (input) => void migrationRefusal(input)));
  });
});

describe('its record', () => {
  const begun = { cluster: 'etcd', execution: 'run', token: 3, now: 'now', from: 'plain', to: 'tls' } as const;
  const first = begunMigration(null, begun);

  test('says where the cluster goes until it is there', () => {
    expect(first).toMatchObject({ item: 'transport', token: 3, settled: 'plain', moving: 'tls', beganAt: 'now' });
    expect(endedMigration(first, 'then', false)).toEqual({
      ...first,
      moving: undefined,
      settled: 'tls',
      endedAt: 'then',
    });
    expect('moving' in endedMigration(first, 'then', false)).toBe(false);
  });

  test('keeps its beginning where it is gone on with, and goes on to move where it was abandoned', () => {
    expect(begunMigration(first, { ...begun, token: 4, now: 'later' })).toMatchObject({ token: 4, beganAt: 'now' });
    expect(begunMigration(first, { ...begun, to: 'plain', now: 'later' })).toMatchObject({
      moving: 'plain',
      beganAt: 'later',
    });
    const left = endedMigration(first, 'then', true);
    expect(left).toMatchObject({ moving: 'tls', settled: 'plain', endedAt: 'then' });
    expect(begunMigration(left, { ...begun, now: 'later' })).toMatchObject({ beganAt: 'later', moving: 'tls' });
    expect('endedAt' in begunMigration(left, { ...begun, now: 'later' })).toBe(false);
  });
});
