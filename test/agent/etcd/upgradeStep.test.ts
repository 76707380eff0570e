/** A member's step of an upgrade, decided from what is seen. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { KnownMember } from '#etcd/knownMembers.ts';
import { quorum } from '#etcd/membership.ts';
import { flippedPast, type StepFacts, stepDecision, stepTimeoutMs, unsafeToPutBack } from '#etcd/upgradeStep.ts';

const member = (id: string, changes: Partial<KnownMember> = {}): KnownMember => ({
  id,
  name: `i-${id}`,
  peerUrls: [`http://10.0.0.${id}:2380`],
  isLearner: false,
  healthy: true,
  instance: 'live',
  zone: 'a',
  region: 'r',
  ...changes,
});
const start = (version: string, snapshotCount = 0, v2Api = false) => ({ version, snapshotCount, v2Api });
const facts = (changes: Partial<StepFacts> = {}): StepFacts => ({
  ownId: '1',
  runs: start('3.4.45'),
  wanted: start('3.5.35'),
  ownHealthy: false,
  members: [member('1'), member('2'), member('3')],
  leaderId: '2',
  clusterVersion: '3.4.0',
  handedOver: false,
  ...changes,
});

describe('a member’s step', () => {
  test('swaps a follower while the others are healthy', () => {
    expect(stepDecision(facts())).toEqual({ action: 'swap' });
  });

  test('hands the leadership over first where etcd can, once, and not before 3.3', () => {
    const leads = { leaderId: '1' };
    expect(stepDecision(facts(leads))).toMatchObject({ action: 'handOver', to: [{ id: '2' }, { id: '3' }] });
    expect(stepDecision(facts({ ...leads, handedOver: true }))).toEqual({ action: 'swap' });
    const old = { runs: start('3.2.32'), wanted: start('3.3.27'), clusterVersion: '3.2.0' };
    expect(stepDecision(facts({ ...leads, ...old }))).toEqual({ action: 'swap' });
  });

  test.each([
    ['another voter is not healthy', [member('1'), member('2', { healthy: false }), member('3')], 'not healthy: i-2'],
    [
      'a learner has not caught up',
      [member('1'), member('2'), member('3', { isLearner: true })],
      'i-3 is still a learner',
    ],
    ['the others are no quorum', [member('1'), member('2')], '1 of 2 voters would be left, and 2 are needed'],
  ])('waits while %s', (_why, members, reason) => {
    expect(stepDecision(facts({ members }))).toEqual({ action: 'wait', reason });
  });

  test('stops the only member of a cluster of one', () => {
    expect(stepDecision(facts({ members: [member('1')], leaderId: '1' }))).toEqual({ action: 'swap' });
  });

  test('is done once the member runs what it is to run and is healthy, and all others are', () => {
    const there = { runs: start('3.5.35'), ownHealthy: true };
    expect(stepDecision(facts({ ...there, ownHealthy: false }))).toEqual({ action: 'awaitHealthy' });
    expect(stepDecision(facts(there))).toEqual({ action: 'done' });
    const members = [member('1'), member('2', { healthy: false }), member('3')];
    expect(stepDecision(facts({ ...there, members }))).toEqual({ action: 'wait', reason: 'not healthy: i-2' });
  });

  test('starts a member again where only its flags differ', () => {
    expect(stepDecision(facts({ runs: start('3.5.35', 100), ownHealthy: true }))).toEqual({ action: 'swap' });
    expect(stepDecision(facts({ runs: start('3.5.35', 0, true), ownHealthy: true }))).toEqual({ action: 'swap' });
  });

  test.each([
    ['3.6.0', '3.5.35', 'the cluster version is 3.6 already: a member that runs 3.5.35 could not come back'],
    ['3.4.0', '3.6.16', 'the cluster version is 3.4: 3.6.16 is more than one minor away'],
  ])('refuses in a cluster of %s the release %s', (clusterVersion, version, reason) => {
    expect(stepDecision(facts({ clusterVersion, wanted: start(version) }))).toEqual({ action: 'refuse', reason });
  });

  test('goes back to the old release while the cluster version has not changed', () => {
    expect(stepDecision(facts({ runs: start('3.5.35'), wanted: start('3.4.45') }))).toEqual({ action: 'swap' });
  });

  test('never stops a member of more than one without a healthy quorum of all other voters', () => {
    const others = fc.array(fc.record({ healthy: fc.boolean(), isLearner: fc.boolean() }), { maxLength: 6 });
    fc.assert(
      fc.property(others, fc.boolean(), fc.boolean(), (rest, leads, handedOver) => {
        const members = [member('1'), ...rest.map((changes, index) => member(String(index + 2), changes))];
        const { action } = stepDecision(facts({ members, leaderId: leads ? '1' : '2', handedOver }));
        if (action !== 'swap' && action !== 'handOver') return;
        const voters = members.filter(({ isLearner }) => !isLearner);
        const up = voters.filter(({ id, healthy }) => id !== '1' && healthy).length;
        expect(up).toBe(voters.length - 1);
        if (members.length > 1) expect(up).toBeGreaterThanOrEqual(quorum(voters.length));
      }),
    );
  });

  test('may be put back where the others are a quorum without it, or nothing hangs on it', () => {
    const sick = { stopped: false, alone: false, ownId: '1', members: facts().members };
    expect(unsafeToPutBack(sick)).toBeNull();
    const lost = [member('1'), member('2', { healthy: false }), member('3')];
    expect(unsafeToPutBack({ ...sick, members: lost })).toBe('1 of 3 voters are healthy beside it, and 2 are needed');
    expect(unsafeToPutBack({ ...sick, members: lost, stopped: true })).toBeNull();
    expect(unsafeToPutBack({ ...sick, members: null })).toContain('may be what holds the quorum');
    expect(unsafeToPutBack({ ...sick, members: null, alone: true })).toBeNull();
  });

  test('goes back to an older minor only while somebody says that the cluster version has not gone past it', () => {
    expect(flippedPast('3.4.45', ['3.4.0', '3.4.0'], false)).toBeNull();
    expect(flippedPast('3.4.45', ['3.4.0', '3.5.0'], false)).toContain('the cluster version is 3.5.0');
    expect(flippedPast('3.4.45', [], false)).toContain('no other member says');
    expect(flippedPast('3.4.45', [], true)).toBeNull();
    expect(flippedPast('2.0.5', [null, null], false)).toBeNull();
    expect(flippedPast('2.0.5', ['2.1.0', null], false)).toContain('the cluster version is 2.1.0');
  });

  test('may take longer with more data', () => {
    expect(stepTimeoutMs(60_000, 0)).toBe(60_000);
    expect(stepTimeoutMs(60_000, 500_000_000)).toBe(160_000);
  });
});
