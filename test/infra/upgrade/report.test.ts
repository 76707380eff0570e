/** How an upgrade is reported in the end, whichever that is. */
import { expect, test } from '@jest/globals';
import { reportOf } from '../../../infra/upgrade/report.ts';
import { reportText } from '../../../infra/upgrade/reportText.ts';
import { minor, names, patch, Tale } from './tale.ts';

const [first, second, leader] = names;
const again = (...options: string[]) => ['npm run upgrade --', ...options].join(' ');
const execution = 'arn:aws:states:eu-west-1:123456789012:execution:etcd-night-RollingUpgrade:tonight';
const succeeded = { status: 'SUCCEEDED' };

test('what succeeded: versions before and after, time per hop and member', () => {
  const tale = new Tale().begun();
  for (const [hop, done] of [
    [patch, 0],
    [minor, 1],
  ] as const) {
    tale.hop(hop, done, 2 - done);
    for (const member of names) tale.member(member, hop.to, 800, 5);
    tale.hopDone();
  }
  tale.step('entered', 'Cluster upgraded');
  const report = reportOf(execution, tale.progress, succeeded, 65_000);
  expect(report).toMatchObject({ outcome: 'upgraded', failure: null, tookMs: 65_000 });
  expect(reportText(report, again).split('\n')).toEqual([
    'Upgraded: cluster night, 3.5.31 to 3.6.16, in 1 min 5 s',
    'Members, before and after',
    '  i-0000000a  3.5.31  ->  3.6.16',
    '  i-0000000b  3.5.31  ->  3.6.16',
    '  i-0000000c  3.5.31  ->  3.6.16',
    'Hops',
    '  1 of 2  3.5.31 to 3.5.35, a patch  19 s',
    '          i-0000000a                 5 s   800 ms without etcd',
    '          i-0000000b                 5 s   800 ms without etcd',
    '          i-0000000c                 5 s   800 ms without etcd',
    '  2 of 2  3.5.35 to 3.6.16           19 s',
    '          i-0000000a                 5 s   800 ms without etcd',
    '          i-0000000b                 5 s   800 ms without etcd',
    '          i-0000000c                 5 s   800 ms without etcd',
    '',
  ]);
});

test('what halted: error, cause, member, runbook, and the three ways out', () => {
  const tale = new Tale().begun().hop(patch, 0, 2).member(first, '3.5.35', 800, 5);
  tale.step('entered', 'Upgrade the member', { next: { member: second } });
  tale.step('left', 'Upgrade the member', { failure: {} }).step('entered', 'Upgrade halted with the lock kept');
  const cause = `${second} did not start (runbook: docs/runbook.md#member-not-upgraded); the lock is kept: start RollingUpgrade with action resume, rollBack or abandon (runbook: docs/runbook.md#upgrade-halted)`;
  const report = reportOf(execution, tale.progress, { status: 'FAILED', error: 'MemberNotUpgraded', cause }, 12_000);
  expect(report.failure).toEqual({
    error: 'MemberNotUpgraded',
    cause: `${second} did not start`,
    member: second,
    runbook: ['member-not-upgraded', 'upgrade-halted'],
    lockKept: true,
  });
  expect(reportText(report, again).split('\n')).toEqual([
    'Halted with the lock kept, after 12 s',
    '  Error    MemberNotUpgraded',
    '  Cause    i-0000000b did not start',
    '  Member   i-0000000b',
    '  Runbook  docs/runbook.md#member-not-upgraded',
    '           docs/runbook.md#upgrade-halted',
    'Members, before and after',
    '  i-0000000a  3.5.31  ->  3.5.35',
    '  i-0000000b  3.5.31  ->  3.5.31',
    '  i-0000000c  3.5.31  ->  3.5.31',
    'Hops',
    '  1 of 2  3.5.31 to 3.5.35, a patch  not ended',
    '          i-0000000a                 5 s        800 ms without etcd',
    'Next, one of',
    '  npm run upgrade -- --resume     goes on where it was, after the cause is mended',
    '  npm run upgrade -- --roll-back  takes the hop under way back, while the cluster version has not changed',
    '  npm run upgrade -- --abandon    leaves the members as they are and frees the lock',
    '',
  ]);
});

test('what was refused changed nothing, and needs no way out', () => {
  const tale = new Tale().step('entered', 'Plan the upgrade').step('entered', 'Upgrade refused');
  const cause = `cluster night: ${leader} is not healthy (runbook: docs/runbook.md#preflight-failed)`;
  const report = reportOf(execution, tale.progress, { status: 'FAILED', error: 'PreflightFailed', cause }, 2_000);
  expect(report.failure).toMatchObject({ member: leader, runbook: ['preflight-failed'], lockKept: false });
  expect(reportText(report, again)).toMatch(/^Refused: nothing was changed, after 2 s\n {2}Error +PreflightFailed\n/);
  expect(reportText(report, again)).not.toContain('--resume');
});

test.each([
  ['ABORTED', 'somebody stopped the execution'],
  ['TIMED_OUT', 'the execution took longer than it may'],
])('an execution that ended %s under the lock has halted', (status, cause) => {
  const { progress } = new Tale().begun().hop(patch, 0, 2);
  const { outcome, failure } = reportOf(execution, progress, { status }, 2_000);
  expect([outcome, failure]).toEqual([
    'halted',
    { error: status, cause, member: null, runbook: ['upgrade-halted'], lockKept: true },
  ]);
  expect(reportOf(execution, new Tale().planned().progress, { status }, 1).outcome).toBe('refused');
});

test('a pause keeps the lock, and says how to go on', () => {
  const tale = new Tale().begun().hop(patch, 0, 2).hopDone().step('entered', 'Upgrade paused with the lock kept');
  const text = reportText(reportOf(execution, tale.progress, succeeded, 9_000), again);
  expect(text).toMatch(/^Paused with the lock kept, in 9 s\n/);
  expect(text).toContain('i-0000000c  3.5.31  ->  3.5.35');
  expect(text).toMatch(/--resume +goes on\n/);
  expect(text).not.toContain('--roll-back');
});

test('a dry run says that nothing was changed', () => {
  const { progress } = new Tale().planned().step('entered', 'Nothing changed');
  expect(reportText(reportOf(execution, progress, succeeded, 2_000), again)).toBe(
    'Dry run: nothing was changed, and nothing is in the way, in 2 s\n',
  );
});

test('a member whose instance was replaced is reported with its successor', () => {
  const tale = new Tale()
    .begun()
    .hop(minor, 0, 1)
    .step('entered', 'Add an instance', { next: { old: first } });
  tale.step('left', 'Wait until a new member has joined', { successor: { instanceId: 'i-0000000d' } });
  tale.step('left', 'Note the replacement').hopDone().step('entered', 'Cluster upgraded');
  const { members, hops } = reportOf(execution, tale.progress, succeeded, 9_000);
  expect(members[0]).toEqual({ member: first, before: '3.5.31', after: '3.6.16', successor: 'i-0000000d' });
  expect(hops[0]?.members).toEqual([{ member: 'i-0000000d', tookMs: 2000, downMs: null }]);
});
