/** The ladder: one minor at a time, with what each hop asks for. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hopInto, knownBad, nextMinor } from '#etcd/hops.ts';
import { factsOf } from '#etcd/minors.ts';
import { compareVersions, type Minor, minorOf, minors } from '#etcd/versions.ts';
import { type LadderFacts, planLadder } from '../../../tasks/plan/ladder.ts';

const newest = (minor: Minor, least: string | null) => {
  const { latestPatch } = factsOf(`${minor}.0`);
  return least === null || compareVersions(latestPatch, least) >= 0 ? latestPatch : null;
};
const facts = (versions: readonly string[], changes: Partial<LadderFacts> = {}): LadderFacts => ({
  versions,
  bornAt: versions[0] ?? '',
  snapshotsCover: false,
  authEnabled: false,
  v2Keys: null,
  v2Api: false,
  deletesV2Keys: false,
  dataBytes: 1_000_000,
  releaseOf: newest,
  ...changes,
});
const three = (version: string) => [version, version, version];

function hops(from: readonly string[], to: string, changes: Partial<LadderFacts> = {}) {
  const ladder = planLadder(facts(from, changes), to);
  if (ladder.verdict === 'refused') throw new Error(ladder.reasons.join('; '));
  return ladder.hops;
}
const path = (...args: Parameters<typeof hops>) => hops(...args).map(({ kind, to }) => `${kind} ${to}`);
function refusal(from: readonly string[], to: string, changes: Partial<LadderFacts> = {}): string {
  const ladder = planLadder(facts(from, changes), to);
  return ladder.verdict === 'refused' ? ladder.reasons.join('; ') : 'planned';
}

describe('the ladder', () => {
  test('goes from 2.1 to 3.7 through every minor', () => {
    expect(path(three('2.1.3'), '3.7.3')).toEqual([
      'minor 2.2.5',
      'minor 2.3.8',
      'minor 3.0.17',
      'minor 3.1.20',
      'minor 3.2.32',
      'minor 3.3.27',
      'minor 3.4.45',
      'minor 3.5.35',
      'minor 3.6.16',
      'minor 3.7.3',
    ]);
  });

  test('patches 2.0.0 before it leaves 2.0', () => {
    expect(path(three('2.0.0'), '2.1.3')).toEqual(['patch 2.0.13', 'minor 2.1.3']);
    const releaseOf = (minor: Minor, least: string | null) => (minor === '2.0' ? null : newest(minor, least));
    expect(refusal(three('2.0.0'), '2.1.3', { releaseOf })).toContain('every member needs etcd 2.0.3 or a later 2.0');
  });

  test('patches 3.5 before 3.6, and 3.6 before 3.7', () => {
    expect(path(three('3.5.31'), '3.6.16')).toEqual(['patch 3.5.35', 'minor 3.6.16']);
    expect(path(three('3.6.0'), '3.7.3')).toEqual(['patch 3.6.16', 'minor 3.7.3']);
    expect(path(['3.5.35', '3.5.31', '3.5.35'], '3.6.16')).toEqual(['patch 3.5.35', 'minor 3.6.16']);
    expect(path(three('3.5.33'), '3.6.16')).toEqual(['minor 3.6.16']);
  });

  test('patches 3.2 before 3.3 only while auth is on', () => {
    expect(path(three('3.2.26'), '3.3.27')).toEqual(['minor 3.3.27']);
    expect(path(three('3.2.26'), '3.3.27', { authEnabled: true })).toEqual(['patch 3.2.32', 'minor 3.3.27']);
  });

  test('goes nowhere with auth on into 3.5', () => {
    expect(refusal(three('3.4.45'), '3.5.35', { authEnabled: true })).toMatch(
      /auth is on.*11943.*etcdctl auth disable/,
    );
    expect(refusal(three('3.3.27'), '3.6.16', { authEnabled: true })).toContain('auth is on');
  });

  test('does not go back by a minor, and says what to do instead', () => {
    expect(refusal(three('3.5.35'), '3.4.45')).toMatch(/does not go back from 3.5 to 3.4; restore a backup/);
    expect(refusal(['3.5.35', '3.4.45', '3.4.45'], '3.4.45')).toMatch(
      /an upgrade to 3.5 was begun: finish it with a target of 3.5 or later; or roll it back/,
    );
  });

  test('goes both ways within a minor, but to no release that is known to be bad', () => {
    expect(path(three('3.5.35'), '3.5.31')).toEqual(['patch 3.5.31']);
    expect(path(three('3.5.31'), '3.5.35')).toEqual(['patch 3.5.35']);
    expect(refusal(three('3.5.35'), '3.5.1')).toMatch(/3.5.1 is no release to run: .*corrupt/);
    expect(refusal(three('3.4.45'), '3.5.2')).toContain('choose a later patch');
  });

  test('has no hop where every member runs the target', () => {
    expect(path(three('3.6.16'), '3.6.16')).toEqual([]);
    expect(path(['3.6.16', '3.6.14', '3.6.16'], '3.6.16')).toEqual(['patch 3.6.16']);
    expect(hops(['3.6.16', '3.6.14', '3.6.16'], '3.6.14')).toMatchObject([
      { kind: 'patch', from: '3.6.16', to: '3.6.14' },
    ]);
  });

  test('goes on with a hop that was halted, to the release that was begun', () => {
    expect(path(['3.5.33', '3.4.45', '3.4.45'], '3.6.16')).toEqual(['minor 3.5.33', 'minor 3.6.16']);
    expect(refusal(['3.6.16', '3.4.45', '3.4.45'], '3.6.16')).toContain('more than one minor apart');
  });

  test.each(['3.1', '3.5', '3.6', '3.7'] as const)('has a raft snapshot taken before %s', (into) => {
    const before = minors[minors.indexOf(into) - 1] as Minor;
    const earlier = minors[minors.indexOf(before) - 1] as Minor;
    const [first, second] = hops(three(newest(earlier, null) ?? ''), newest(into, null) ?? '').slice(-2);
    expect(first).toMatchObject({ raftSnapshot: true, snapshotCount: 100 });
    expect(second).toMatchObject({ raftSnapshot: false, snapshotCount: 0 });
  });

  test('restarts members first where their logs may hold entries of an older minor', () => {
    const older = { bornAt: '3.3.27' };
    expect(path(three('3.4.45'), '3.5.35', older)).toEqual(['restart 3.4.45', 'minor 3.5.35']);
    expect(hops(three('3.4.45'), '3.5.35', older)[0]).toMatchObject({ raftSnapshot: true, snapshotCount: 100 });
    expect(path(three('3.4.45'), '3.5.35', { ...older, snapshotsCover: true })).toEqual(['minor 3.5.35']);
    expect(path(three('3.4.45'), '3.5.35')).toEqual(['minor 3.5.35']);
    // A patch before the hop serves for it.
    expect(path(three('3.5.31'), '3.6.16', older)).toEqual(['patch 3.5.35', 'minor 3.6.16']);
    expect(hops(three('3.5.31'), '3.6.16', older)[0]).toMatchObject({ raftSnapshot: true });
  });

  test('keeps the v2 API on in 3.4 and 3.5 while clients have keys in it, and refuses 3.6 with them', () => {
    const keys = { v2Keys: ['/color'] };
    expect(hops(three('3.3.27'), '3.5.35', keys).map(({ to, v2Api }) => [to, v2Api])).toEqual([
      ['3.4.45', true],
      ['3.5.35', true],
    ]);
    expect(hops(three('2.3.8'), '3.4.45', keys).map(({ v2Api }) => v2Api)).toEqual([false, false, false, false, true]);
    expect(refusal(three('3.3.27'), '3.6.16', keys)).toMatch(/the v2 store holds \/color.*20870.*"v2Keys": "delete"/);
    expect(refusal(three('3.5.35'), '3.6.16', { ...keys, v2Api: true })).toContain('/color');
  });

  test('deletes the keys of the v2 store before 3.6 where that is asked for, and only once', () => {
    const asked = { v2Keys: ['/color'], deletesV2Keys: true };
    const flags = (...args: Parameters<typeof hops>) =>
      hops(...args).map(({ kind, to, v2Api, deletesV2Keys, checksV2Store, raftSnapshot }) =>
        [kind, to, v2Api && 'open', deletesV2Keys && 'delete', checksV2Store && 'check', raftSnapshot && 'snapshot']
          .filter(Boolean)
          .join(' '),
      );
    expect(flags(three('3.4.45'), '3.6.16', { ...asked, v2Api: true })).toEqual([
      'minor 3.5.35 open',
      'restart 3.5.35 delete snapshot',
      'minor 3.6.16 check',
    ]);
    expect(flags(three('3.5.35'), '3.6.16', { v2Keys: null, deletesV2Keys: true })).toEqual([
      'restart 3.5.35 open',
      'restart 3.5.35 delete snapshot',
      'minor 3.6.16 check',
    ]);
    expect(flags(three('3.5.35'), '3.6.16', { v2Keys: null, deletesV2Keys: false })).toEqual(['minor 3.6.16 check']);
    expect(flags(three('3.5.35'), '3.6.16', { v2Keys: [], deletesV2Keys: true })).toEqual(['minor 3.6.16 check']);
  });

  test('takes bigger steps between snapshots where a snapshot costs more', () => {
    const counts = [1, 50, 500].map((mib) => hops(three('3.3.27'), '3.5.35', { dataBytes: mib * 1024 ** 2 })[0]);
    expect(counts.map((hop) => hop?.snapshotCount)).toEqual([100, 1_000, 5_000]);
  });

  test('says for each gate whether it holds, and where it comes from', () => {
    const [hop] = hops(three('3.5.35'), '3.6.16');
    expect(hop?.gates.map(({ gate, state }) => [gate, state])).toEqual([
      ['leastPatch', 'met'],
      ['raftSnapshot', 'planned'],
      ['emptyV2Store', 'planned'],
    ]);
    for (const { reason, source } of hop?.gates ?? [])
      expect([reason, source].map(({ length }) => length > 9)).toEqual([true, true]);
  });

  test('from anywhere to anywhere later: one minor at a time, least patches kept, no bad stop', () => {
    const version = fc
      .record({ minor: fc.constantFrom(...minors), patch: fc.nat(40) })
      .map(({ minor, patch }) => `${minor}.${patch}`);
    fc.assert(
      fc.property(
        fc.array(version, { minLength: 1, maxLength: 5 }),
        version,
        fc.boolean(),
        fc.boolean(),
        (from, to, auth, covered) => {
          const ladder = planLadder(facts(from, { authEnabled: auth, snapshotsCover: covered, bornAt: '2.0.5' }), to);
          if (ladder.verdict === 'refused') {
            expect(ladder.reasons.every((reason) => reason.length > 20)).toBe(true);
            return;
          }
          const lowest = [...from].sort(compareVersions)[0] ?? '';
          let at = lowest;
          for (const hop of ladder.hops) {
            expect([at, [...from].sort(compareVersions).at(-1)]).toContain(hop.from);
            const [here, there] = [minorOf(at) as Minor, minorOf(hop.to) as Minor];
            if (hop.kind === 'minor') {
              expect(nextMinor(here)).toBe(there);
              const { leastPatch } = hopInto(there);
              const begun = from.some((one) => minorOf(one) === there);
              if (leastPatch !== undefined && !begun)
                expect(compareVersions(at, leastPatch.value)).toBeGreaterThanOrEqual(0);
            } else expect(there).toBe(here);
            if (!from.includes(hop.to)) expect(knownBad(hop.to)).toBeNull();
            at = hop.to;
          }
          if (ladder.hops.length > 0) expect(at).toBe(to);
          else expect(from.every((one) => one === to)).toBe(true);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
