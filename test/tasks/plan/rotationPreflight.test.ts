import { describe, expect, test } from '@jest/globals';
import type { LockRecord } from '#etcd/record.ts';
import { type PreflightFacts, preflightProblems } from '../../../tasks/plan/rotationPreflight.ts';
import { groupOf, instance, recordOf, reportOf, reportsOf, whole } from './rotationFacts.ts';

const names = ['i-1', 'i-2', 'i-3'];
const fine: PreflightFacts = {
  created: true,
  lock: null,
  holderEnded: false,
  groups: [whole],
  rotation: null,
  reports: reportsOf(names),
};
const held: LockRecord = {
  cluster: 'etcd',
  item: 'lock',
  token: 4,
  holder: 'another',
  purpose: 'RollingUpgrade',
  takenAt: 'noon',
};
const problems = (changes: Partial<PreflightFacts>) => {
  const { lasting, passing } = preflightProblems({ ...fine, ...changes });
  return [...lasting, ...passing].join('\n');
};

test('nothing is in the way of a whole cluster that nobody works on', () => {
  expect(problems({})).toBe('');
  expect(problems({ lock: { cluster: 'etcd', item: 'lock', token: 9 } })).toBe('');
  expect(problems({ rotation: recordOf({ restoredAt: 'then' }) })).toBe('');
});

describe('a rotation is refused', () => {
  test.each<[string, Partial<PreflightFacts>, string]>([
    ['before the cluster was created', { created: false }, 'never recorded as created'],
    ['while another operation runs', { lock: held }, 'another holds the lock since noon (RollingUpgrade)'],
    ['where the group has no room', { groups: [{ ...whole, maxSize: 3 }] }, 'max size 3 leaves no room'],
    [
      'where it cannot launch',
      { groups: [{ ...whole, suspendedProcesses: ['Launch'] }] },
      'process Launch is suspended',
    ],
    [
      'where it cannot terminate',
      { groups: [{ ...whole, suspendedProcesses: ['Terminate'] }] },
      'Terminate is suspended',
    ],
    [
      'where an instance is missing',
      { groups: [groupOf(whole.instances.slice(1))] },
      'members has 2 instances where 3 are wanted',
    ],
    [
      'while an instance comes up',
      { groups: [groupOf([...whole.instances.slice(1), instance('i-1', 'a', 'Pending')])] },
      'i-1 is Pending, Healthy in the group',
    ],
    [
      'where one is unhealthy to the group',
      { groups: [groupOf([...whole.instances.slice(1), { ...instance('i-1'), health: 'Unhealthy' }])] },
      'i-1 is InService, Unhealthy',
    ],
    ['while the group grows', { groups: [{ ...whole, desiredCapacity: 4 }] }, 'where 4 are wanted'],
    [
      'where an agent does not answer',
      { reports: [...reportsOf(names).slice(1), { instanceId: 'i-1', description: null, problem: 'unknown to SSM' }] },
      'the agent of i-1 does not answer: unknown to SSM',
    ],
    [
      'where a member is not healthy',
      { reports: reportsOf(names, { unwell: 'i-1 sees no leader' }) },
      'sees no leader',
    ],
    [
      'where members are in different clusters',
      { reports: [...reportsOf(names).slice(1), reportOf('i-1', names, { clusterId: 'd' })] },
      'different clusters: i-3 is in c, i-1 is in d',
    ],
    ['while a learner is there', { reports: reportsOf(names, { learners: ['i-2'] }) }, 'i-2 is still a learner'],
    [
      'while a member has not started',
      { reports: reportsOf(names, { lists: [...names, ''] }) },
      'which has not started',
    ],
    [
      'where a member has no instance',
      { reports: reportsOf(names, { lists: [...names, 'i-9'] }) },
      'i-1 lists i-9, which is not in the group',
    ],
    [
      'where an instance is no member',
      { reports: reportsOf(names, { lists: ['i-1', 'i-2'] }) },
      'i-1 does not list i-3, which is in the group',
    ],
  ])('%s', (_, changes, reason) => expect(problems(changes)).toContain(reason));

  test('with every reason, not only the first', () => {
    const all = problems({ created: false, lock: held, groups: [{ ...whole, maxSize: 3 }], reports: [] }).split('\n');
    expect(all).toHaveLength(3);
  });

  test('where the only member could not get a second one safely', () => {
    const group = groupOf([instance('i-1')], { minSize: 1, maxSize: 2, desiredCapacity: 1 });
    expect(problems({ groups: [group], reports: reportsOf(['i-1'], { version: '2.3.8' }) })).toContain(
      'i-1 is the only member',
    );
    expect(problems({ groups: [group], reports: reportsOf(['i-1'], { version: '3.4.15' }) })).toBe('');
  });
});

describe('what an earlier execution left in the middle', () => {
  const current = { old: 'i-1', known: names, beganAt: 'then' };
  const rotation = recordOf({ current });
  const grown = groupOf([...whole.instances, instance('i-4', 'a', 'Pending')], { desiredCapacity: 4 });

  test('is no obstacle: a successor that comes up, has not started, is a learner, or is a member', () => {
    const lock = { ...held, purpose: 'RotateInstances' };
    const over = { lock, holderEnded: true, rotation, groups: [grown] };
    for (const seen of [{}, { lists: [...names, ''] }, { lists: [...names, 'i-4'], learners: ['i-4'] }])
      expect(problems({ ...over, reports: reportsOf(names, seen) })).toBe('');
    expect(problems({ ...over, groups: [{ ...whole, desiredCapacity: 4 }] })).toBe('');
  });

  test('is no obstacle: an old member that leaves', () => {
    const group = groupOf([
      instance('i-1', 'a', 'Terminating:Wait'),
      ...whole.instances.slice(1),
      instance('i-4', 'a'),
    ]);
    const staying = ['i-2', 'i-3', 'i-4'];
    expect(problems({ rotation, groups: [group], reports: reportsOf(staying, { lists: ['i-1', ...staying] }) })).toBe(
      '',
    );
  });

  test('is one where it was not this machine’s: a third instance too many, an unhealthy old one', () => {
    const group = { ...grown, desiredCapacity: 5 };
    expect(problems({ rotation, groups: [group] })).toContain('the desired capacity of members is 5 where 3 was noted');
    expect(problems({ rotation, groups: [grown], reports: reportsOf(names, { unwell: 'no leader' }) })).toContain(
      'leader',
    );
  });
});
