import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { defragmentAgainMs, defragmentationDecision, type StoredMember } from '#etcd/fragmentation.ts';
import { factsOf } from '#etcd/minors.ts';
import { defaultTiming, longestElectionMs, timingArguments, timingFor, worstRoundTripMs } from '#etcd/timing.ts';
import { isTunedAs, retuned, tuningArguments } from '#etcd/tuning.ts';
import { minors } from '#etcd/versions.ts';

const backend = { quotaBackendBytes: fc.nat(), compactionHours: fc.nat({ max: 100 }) };
const timing = fc.nat({ max: 500 }).map(timingFor);
const tuning = fc.oneof(fc.record(backend), fc.record({ ...backend, timing }));
const versions = minors.map((minor) => factsOf(`${minor}.0`).latestPatch);

describe('tuning', () => {
  test.each([
    ['2.3.8', 1, []],
    ['3.2.32', 0, ['--quota-backend-bytes=8']],
    ['3.2.32', 2, ['--quota-backend-bytes=8', '--auto-compaction-retention=2']],
    ['3.3.27', 2, ['--quota-backend-bytes=8', '--auto-compaction-mode=periodic', '--auto-compaction-retention=2h']],
    ['3.7.3', 0, ['--quota-backend-bytes=8']],
  ])('of etcd %s with %i hours', (version, compactionHours, flags) => {
    expect(tuningArguments(version, { quotaBackendBytes: 8, compactionHours })).toEqual(flags);
  });

  test('replaced on a command line is there once, and the rest stays', () => {
    fc.assert(
      fc.property(fc.constantFrom(...versions), tuning, tuning, (version, first, second) => {
        const before = retuned(['--name=a', '--data-dir=/d'], version, first);
        const after = retuned(before, version, second);
        expect(after.slice(0, 2)).toEqual(['--name=a', '--data-dir=/d']);
        expect(isTunedAs(after, version, second)).toBe(true);
        expect(new Set(after.map((flag) => flag.split('=')[0])).size).toBe(after.length);
        expect(isTunedAs(after, version, first)).toBe(
          tuningArguments(version, first).join() === tuningArguments(version, second).join(),
        );
      }),
    );
  });
});

describe('timing', () => {
  test.each([
    [0, 100, 1000],
    [25, 100, 1000],
    [62, 150, 1500],
    [80, 150, 1500],
    [140, 250, 2500],
  ])('of a round trip of %i ms', (roundTripMs, heartbeatIntervalMs, electionTimeoutMs) => {
    expect(timingFor(roundTripMs)).toEqual({ heartbeatIntervalMs, electionTimeoutMs });
  });

  test('is what etcd takes, and an election takes at least ten round trips', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2_000 }), (roundTripMs) => {
        const { heartbeatIntervalMs, electionTimeoutMs } = timingFor(roundTripMs);
        expect(electionTimeoutMs).toBeGreaterThanOrEqual(5 * heartbeatIntervalMs);
        expect(electionTimeoutMs).toBeGreaterThanOrEqual(10 * roundTripMs);
        expect(electionTimeoutMs).toBeLessThanOrEqual(longestElectionMs);
        expect(heartbeatIntervalMs).toBeGreaterThanOrEqual(roundTripMs);
      }),
    );
  });

  test.each([
    ['2.3.8', []],
    ['3.1.13', []],
    ['3.1.14', ['--initial-election-tick-advance=false']],
    ['3.3.27', ['--initial-election-tick-advance=false']],
    ['3.4.15', ['--initial-election-tick-advance=false', '--pre-vote=true']],
    ['3.5.35', ['--initial-election-tick-advance=false']],
  ])('has the flags that etcd %s knows', (version, flags) => {
    expect(timingArguments(version, timingFor(80))).toEqual([
      '--heartbeat-interval=150',
      '--election-timeout=1500',
      ...flags,
    ]);
    expect(timingArguments(version, defaultTiming)).toEqual([]);
  });

  test('is not known from measurements of which one is missing', () => {
    expect(worstRoundTripMs([3, 80, 25])).toBe(80);
    expect(worstRoundTripMs([3, null])).toBeNull();
    expect(worstRoundTripMs([])).toBe(0);
  });
});

const megabyte = 1024 ** 2;
const stored = (memberId: string, more: Partial<StoredMember> = {}): StoredMember => ({
  memberId,
  healthy: true,
  isLeader: false,
  database: { bytes: 200 * megabyte, inUseBytes: 50 * megabyte },
  sinceDefragmentedMs: Number.POSITIVE_INFINITY,
  ...more,
});
const policy = { abovePercent: 50, fromBytes: 100 * megabyte };

describe('defragmentation', () => {
  test.each<[string, StoredMember[], string | null]>([
    ['of a follower before the leader', [stored('a', { isLeader: true }), stored('b')], 'b'],
    ['of the leader last', [stored('a', { isLeader: true }), stored('b', { sinceDefragmentedMs: 0 })], 'a'],
    [
      'of the most fragmented first',
      [stored('a'), stored('b', { database: { bytes: 200 * megabyte, inUseBytes: megabyte } })],
      'b',
    ],
    ['of nobody while a member is down', [stored('a'), stored('b', { healthy: false })], null],
    [
      'of nobody below the threshold',
      [stored('a', { database: { bytes: 200 * megabyte, inUseBytes: 100 * megabyte } })],
      null,
    ],
    ['of nobody with a small database', [stored('a', { database: { bytes: megabyte, inUseBytes: 0 } })], null],
    ['of nobody that does not tell', [stored('a', { database: { bytes: 200 * megabyte, inUseBytes: null } })], null],
    ['of nobody twice an hour', [stored('a', { sinceDefragmentedMs: defragmentAgainMs - 1 })], null],
    ['of nobody at all', [], null],
  ])('%s', (_what, members, memberId) => {
    expect(defragmentationDecision(members, policy)?.memberId ?? null).toBe(memberId);
  });
});
