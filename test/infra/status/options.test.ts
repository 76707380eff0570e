/** What `npm run status` takes and refuses, before it asks anybody. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { defaultDataFolder } from '../../../infra/operator/place.ts';
import { parseStatusOptions } from '../../../infra/status/options.ts';

const stack = { stack: 'etcd-night', profile: null, region: null };

test.each([
  [[], { data: defaultDataFolder }],
  [['--data', 'night'], { data: 'night' }],
  [['--stack', 'etcd-night'], stack],
  [['--stack=etcd-night', '--profile=ops', '--region=eu-west-1'], { ...stack, profile: 'ops', region: 'eu-west-1' }],
  [['--stack=etcd-night', '--region=us-gov-west-1'], { ...stack, region: 'us-gov-west-1' }],
] as const)('%j', (args, of) => {
  expect(parseStatusOptions([...args])).toEqual({ of, json: false, help: false });
});

test('as JSON', () => expect(parseStatusOptions(['--json'])).toMatchObject({ json: true }));

const refusals: readonly (readonly [readonly string[], RegExp])[] = [
  [['night'], /night.*lists the options/],
  [['--what'], /--what.*lists the options/],
  [['--data', ''], /--data is empty/],
  [['--data', 'a', '--stack', 'b'], /give one of them/],
  [['--stack', ''], /--stack is ''; allowed/],
  [['--stack', '-x'], /--stack/],
  [['--stack', 'etcd night'], /--stack is 'etcd night'; allowed/],
  [['--stack', 'a'.repeat(129)], /up to 127/],
  [['--profile', 'ops'], /--profile is for a cluster on AWS/],
  [['--region', 'eu-west-1'], /--region is for a cluster on AWS/],
  [['--stack', 'a', '--profile', ''], /--profile is empty/],
  [['--stack', 'a', '--region', 'Ireland'], /--region is 'Ireland'; allowed/],
];

test.each(refusals)('%j is refused', (args, why) => {
  expect(() => parseStatusOptions(args)).toThrow(
    expect.objectContaining({ name: 'InvalidInput', message: expect.stringMatching(why) }),
  );
});

describe('the command', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'etcd-appliance-status-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['infra/status/command.ts', ...args], {
      cwd: join(import.meta.dirname, '../../..'),
      encoding: 'utf8',
    });

  test('says how it is used', () => {
    const { status, stdout } = run('--help');
    expect([status, stdout]).toEqual([0, expect.stringContaining('--stack NAME')]);
  });

  test('ends with 2 and one line where an option is bad', () => {
    const { status, stdout, stderr } = run('--region', 'eu-west-1');
    expect([status, stdout, stderr.trim().split('\n').length]).toEqual([2, '', 1]);
  });

  test('ends with 2 where the folder holds no cluster', () => {
    const { status, stderr } = run('--data', folder);
    expect([status, stderr]).toEqual([2, expect.stringMatching(/--data: .*endpoints\.json cannot be read/)]);
  });

  test('ends with 1 where the home is not running', () => {
    const outputs = Object.fromEntries(
      ['ClusterName', 'TableName', 'GroupName', 'DocumentName'].map((name) => [name, 'x']),
    );
    // Nothing listens on the port 9 of this address.
    const endpoints = {
      awsEndpoint: 'http://127.98.98.98:9',
      region: 'eu-west-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      outputs,
    };
    writeFileSync(join(folder, 'endpoints.json'), JSON.stringify(endpoints));
    const { status, stderr } = run('--data', folder);
    expect([status, stderr]).toEqual([1, expect.stringContaining('is npm start still running?')]);
  });
});
