/** Which member is moved next, and who has to be well for it. */
import { describe, expect, test } from '@jest/globals';
import type { RegionChangeRecord } from '#etcd/record.ts';
import type { MemberReport } from '../../../tasks/plan/memberReports.ts';
import { chooseMove, unusedCapacity } from '../../../tasks/plan/regionMove.ts';
import { changeRecord, groupIn } from './regionFacts.ts';
import { reportOf } from './rotationFacts.ts';

interface Seen {
  readonly home: readonly string[];
  readonly away: readonly string[];
  readonly members?: readonly string[];
  readonly learners?: readonly string[];
  readonly unwell?: readonly string[];
  readonly silent?: readonly string[];
  readonly leader?: string;
}

function chosen(to: RegionChangeRecord['to'], { home, away, ...seen }: Seen) {
  const all = [...home, ...away];
  const { members = all, learners = [], unwell = [], silent = [], leader = 'i-1' } = seen;
  const reports = all.map((name): MemberReport => {
    if (silent.includes(name)) return { instanceId: name, description: null, problem: 'nothing' };
    return reportOf(name, all, {
      lists: members,
      learners,
      leader,
      ...(unwell.includes(name) && { unwell: `${name} is ill` }),
    });
  });
  return chooseMove({
    record: changeRecord({ to }),
    groups: [groupIn('home', home), groupIn('away', away)],
    reports,
  });
}

const five = ['i-1', 'i-2', 'i-3', 'i-4', 'i-5'];
const spread = { home: 4, remote: 1 };
const gathered = { home: 5, remote: 0 };

describe('a move', () => {
  test('is made only while all members are well', () => {
    expect(chosen(spread, { home: five, away: [] })).toMatchObject({ move: { step: 'add', region: 'away' } });
    expect(chosen(spread, { home: five, away: [], unwell: ['i-3'] })).toEqual({
      verdict: 'halted',
      problems: ['i-3 is ill'],
    });
    expect(chosen(spread, { home: five, away: [], members: [] })).toMatchObject({ verdict: 'halted' });
  });

  test('waits for a learner that is wanted, whose turn it is to get well', () => {
    const joining = { home: five, away: ['i-9'], learners: ['i-9'], unwell: ['i-9'] };
    expect(chosen(spread, joining)).toMatchObject({ move: { step: 'add', region: 'away', known: five } });
  });

  test('takes a learner that is not wanted any more out, however it is', () => {
    const joining = { home: five, away: ['i-9'], learners: ['i-9'], unwell: ['i-9'] };
    expect(chosen(gathered, joining)).toMatchObject({ move: { step: 'remove', region: 'away', old: 'i-9' } });
    expect(chosen(gathered, { ...joining, unwell: ['i-9', 'i-2'] })).toMatchObject({ problems: ['i-2 is ill'] });
  });

  test('takes the member out that is not well, where one of its region goes, and all others are well', () => {
    const sick = { home: five, away: ['i-9'], unwell: ['i-4'] };
    expect(chosen(spread, sick)).toMatchObject({ move: { step: 'remove', region: 'home', old: 'i-4' } });
    expect(chosen(gathered, sick)).toMatchObject({ problems: ['i-4 is ill'] });
    expect(chosen(gathered, { ...sick, unwell: ['i-9'] })).toMatchObject({ move: { step: 'remove', old: 'i-9' } });
    expect(chosen(spread, { ...sick, unwell: [] })).toMatchObject({ move: { step: 'remove', old: 'i-2' } });
  });

  test('says what is wrong with the member that goes, as it may pass, and takes none whose agent is silent', () => {
    const sick = { home: five, away: ['i-9'], unwell: ['i-4'] };
    expect(chosen(spread, sick)).toMatchObject({ problems: ['i-4 is ill'] });
    expect(chosen(spread, { ...sick, unwell: [] })).toMatchObject({ problems: [] });
    expect(chosen(spread, { ...sick, unwell: [], silent: ['i-4'] })).toMatchObject({
      verdict: 'halted',
      problems: [expect.stringContaining('the agent of i-4 does not answer')],
    });
  });

  test('that is like an earlier one among other members has another label', () => {
    const label = (home: readonly string[]) => {
      const choice = chosen(spread, { home, away: [] });
      return choice.verdict === 'chosen' ? choice.move.label : '';
    };
    expect(label(five)).toBe(label([...five].reverse()));
    expect(label(five)).not.toBe(label(['i-1', 'i-2', 'i-3', 'i-4', 'i-6']));
  });
});

test('capacity that nobody came for is lowered, and none by which Auto Scaling would choose who goes', () => {
  const groups = [groupIn('home', five, 6), groupIn('away', ['i-8', 'i-9'], 2)];
  expect(unusedCapacity(changeRecord({ to: gathered }), groups)).toEqual([{ region: 'home', capacity: 5 }]);
  expect(unusedCapacity(changeRecord({ to: gathered }), [groupIn('home', five), groupIn('away', [], 1)])).toEqual([
    { region: 'away', capacity: 0 },
  ]);
  expect(unusedCapacity(changeRecord({ to: spread }), [groupIn('home', five), groupIn('away', [])])).toEqual([]);
});
