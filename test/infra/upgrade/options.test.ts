/** What `npm run upgrade` takes and refuses, before it asks anybody. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { defaultDataFolder } from '../../../infra/operator/place.ts';
import { arnOf, executionName } from '../../../infra/upgrade/execution.ts';
import { parseUpgradeOptions } from '../../../infra/upgrade/options.ts';

const here = { data: defaultDataFolder };

test.each([
  [['--to', '3.6.16'], { to: '3.6.16' }],
  [['--to', '3.6.16', '--dry-run'], { to: '3.6.16', dryRun: true }],
  [
    ['--to=3.6.16', '--strategy=replace', '--pause-between-members=30', '--pause-between-hops', '--v2-keys=delete'],
    { to: '3.6.16', strategy: 'replace', pauseBetweenMembersSeconds: 30, pauseBetweenHops: true, v2Keys: 'delete' },
  ],
  [['--resume'], { action: 'resume' }],
  [['--roll-back'], { action: 'rollBack' }],
  [['--abandon'], { action: 'abandon' }],
] as const)('%j starts RollingUpgrade with what was given alone', (args, request) => {
  expect(parseUpgradeOptions([...args])).toEqual({ of: here, wants: { what: 'start', request }, json: false });
});

test('on AWS, as JSON', () => {
  expect(parseUpgradeOptions(['--to', '3.6.16', '--stack', 'etcd-night', '--region', 'eu-west-1', '--json'])).toEqual({
    of: { stack: 'etcd-night', profile: null, region: 'eu-west-1' },
    wants: { what: 'start', request: { to: '3.6.16' } },
    json: true,
  });
});

const machine = 'arn:aws:states:eu-west-1:123456789012:stateMachine:etcd-night-RollingUpgrade';
const execution = 'arn:aws:states:eu-west-1:123456789012:execution:etcd-night-RollingUpgrade:tonight';

test.each([['tonight'], [execution]])('%s is watched', (watch) => {
  expect(parseUpgradeOptions(['--watch', watch]).wants).toEqual({ what: 'watch', execution: watch });
  expect(arnOf(watch, machine)).toBe(execution);
});

test('an execution of another state machine is not watched', () => {
  const other = execution.replace('RollingUpgrade', 'UpgradeHop');
  expect(() => arnOf(other, machine)).toThrow(expect.objectContaining({ name: 'InvalidInput' }));
});

test.each([
  [[], /^--to is missing; say which etcd to go to/],
  [['3.6.16'], /3\.6\.16.*lists the options/],
  [['--too', '3.6.16'], /--too.*lists the options/],
  [['--to', '3.6'], /^--to must be a version X\.Y\.Z/],
  [['--to', '4.0.0'], /^--to must be a version X\.Y\.Z of a minor from 2\.0 to 3\.7/],
  [['--to', '3.6.16', '--resume'], /^--to does not go with the action "resume"/],
  [['--resume', '--abandon'], /^--resume and --abandon: give one of them/],
  [['--to', '3.6.16', '--strategy', 'inplace'], /^--strategy must be "inPlace" or "replace"/],
  [['--to', '3.6.16', '--pause-between-members', ''], /^--pause-between-members must be a whole number from 0 to/],
  [['--to', '3.6.16', '--pause-between-members', '-1'], /--pause-between-members/],
  [['--to', '3.6.16', '--pause-between-members', '1.5'], /^--pause-between-members must be a whole number/],
  [['--to', '3.6.16', '--v2-keys', 'drop'], /^--v2-keys must be "keep" or "delete"/],
  [['--watch', ''], /^--watch is ''; allowed: the name/],
  [['--watch', 'arn:aws:states:x'], /^--watch is 'arn:aws:states:x'; allowed/],
  [['--watch', 'tonight', '--to', '3.6.16'], /^--watch only follows an execution: --to does not go with it/],
  [['--watch', 'tonight', '--abandon'], /--resume, --roll-back or --abandon does not go with it/],
  [['--to', '3.6.16', '--region', 'eu-west-1'], /^--region is for a cluster on AWS/],
] as const)('%j is refused', (args, why) => {
  expect(() => parseUpgradeOptions([...args])).toThrow(
    expect.objectContaining({ name: 'InvalidInput', message: expect.stringMatching(why) }),
  );
});

test.each([
  [{ to: '3.6.16' }, 'to-3.6.16-20261124-101112-7f3a'],
  [{ to: '3.6.16', dryRun: true }, 'dry-run-to-3.6.16-20261124-101112-7f3a'],
  [{ action: 'rollBack' }, 'roll-back-20261124-101112-7f3a'],
  [{ action: 'resume' }, 'resume-20261124-101112-7f3a'],
])('%j names its execution %s', (request, name) => {
  expect(executionName(request, new Date('2026-11-24T10:11:12.345Z'), '7f3a')).toBe(name);
});

test('the command says how it is used, and ends with 2 and one line where an option is bad', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['infra/upgrade/command.ts', ...args], {
      cwd: join(import.meta.dirname, '../../..'),
      encoding: 'utf8',
    });
  const help = run('--help');
  expect([help.status, help.stdout]).toEqual([0, expect.stringContaining('--to X.Y.Z')]);
  const { status, stdout, stderr } = run('--to', '3.6');
  expect([status, stdout, stderr.trim().split('\n').length]).toEqual([2, '', 1]);
});
