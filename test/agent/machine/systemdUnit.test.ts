import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { etcdArguments } from '../../../agent/etcd/arguments.ts';
import { startTimeOf } from '../../../agent/machine/processes.ts';
import { systemdUnit, unitText } from '../../../agent/machine/systemdUnit.ts';
import { eventually } from '../../cluster/cluster.ts';

describe('the unit of etcd', () => {
  const text = unitText({
    binary: '/opt/etcd/releases/3.5.35/etcd',
    arguments: ['--name=i-1', '--data-dir=/d'],
    dataDir: '/d',
  });

  test('runs the release with its arguments, as etcd and nobody else', () => {
    expect(text).toContain('\nExecStart=/opt/etcd/releases/3.5.35/etcd --name=i-1 --data-dir=/d\n');
    expect(text).toContain('\nUser=etcd\n');
    expect(text).toContain('\nReadWritePaths=/d\n');
  });

  test('keeps etcd from the rest of the instance, and from the keys of its role', () => {
    for (const line of [
      'NoNewPrivileges=yes',
      'ProtectSystem=strict',
      'ProtectHome=yes',
      'PrivateTmp=yes',
      'PrivateDevices=yes',
      'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX',
      'CapabilityBoundingSet=',
      'MemoryDenyWriteExecute=yes',
      'ProtectProc=invisible',
      'SystemCallFilter=@system-service',
      'SystemCallFilter=~@privileged @resources',
      'UMask=0077',
      'IPAddressDeny=169.254.169.254/32 fd00:ec2::254/128',
    ])
      expect(text).toContain(`\n${line}\n`);
  });

  test.each([
    '--name=a b',
    '--name=a\nExecStartPre=/bin/sh',
    '--name=%i',
    '--name=$HOME',
    '--name="a"',
    "--name='a'",
    '',
  ])('is not written with the argument %j', (argument) => {
    const command = { binary: '/opt/etcd/releases/3.5.35/etcd', arguments: [argument], dataDir: '/d' };
    expect(() => unitText(command)).toThrow('etcd is not started with');
  });

  test('takes the arguments of every minor', () => {
    for (const version of ['2.0.0', '2.3.8', '3.0.17', '3.3.27', '3.4.15', '3.5.35', '3.6.16', '3.7.3']) {
      const members = ['i-1', 'i-2'].map((name) => ({ name, peerUrl: `http://10.0.0.1:2380` }));
      const spec = { name: 'i-1', version, dataDir: '/var/lib/etcd/data', address: '10.0.0.1', members };
      const rest = {
        clusterToken: 'etcd-0a1b',
        clusterState: 'new',
        v2Api: true,
        tuning: { snapshotCount: 100 },
      } as const;
      const written = unitText({ binary: '/e', dataDir: '/d', arguments: etcdArguments({ ...spec, ...rest }) });
      expect(written).toContain('--initial-cluster=i-1=http://10.0.0.1:2380,i-2=http://10.0.0.1:2380 ');
    }
  });

  test('is started again by the agent alone, and never by systemd beside it', () => {
    expect(text).toContain('\nRestart=no\n');
    expect(text).not.toMatch(/PartOf|BindsTo|Requires=etcd-agent/);
  });
});

/** A `systemctl` that does what systemd does with a unit of type simple: one process, known by its pid. */
const systemctl = `#!/bin/sh
cd "$(dirname "$0")"
case "$1" in
  start) sleep 1000 > /dev/null 2>&1 & echo $! > pid; echo "started" >> journal ;;
  stop) kill "$(cat pid)" ;;
  show)
    if [ -f pid ] && [ "$(cut -d' ' -f3 /proc/$(cat pid)/stat 2>/dev/null)" = S ]; then
      printf 'InvocationID=1a\\nActiveState=active\\nMainPID=%s\\nExecMainCode=0\\nExecMainStatus=0\\n' "$(cat pid)"
    else
      printf 'InvocationID=1a\\nActiveState=failed\\nMainPID=0\\nExecMainCode=2\\nExecMainStatus=9\\n'
    fi ;;
esac
`;

const unitIn = (folder: string) => systemdUnit(join(folder, 'etcd.service'), `${folder}:/usr/bin:/bin`);

describe('etcd under systemd', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'systemd-'));
    for (const [name, script] of Object.entries({
      systemctl,
      journalctl: `#!/bin/sh\n[ "$1" = _SYSTEMD_INVOCATION_ID=1a ] && cat "$(dirname "$0")/journal"\n`,
      chown: '#!/bin/sh\n',
    })) {
      writeFileSync(join(folder, name), script);
      chmodSync(join(folder, name), 0o755);
    }
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test('is started, seen to end, found again, and stopped', async () => {
    const command = { binary: '/opt/etcd', arguments: ['--name=i-1'], dataDir: join(folder, 'data') };
    const first = unitIn(folder);
    const ends: string[] = [];
    first.onExit(({ how }) => void ends.push(how));
    expect(await first.adopt(command.dataDir)).toBe(false);
    await first.start(command);
    const pid = first.pid();
    expect(pid).toBe(Number(readFileSync(join(folder, 'pid'), 'utf8')));
    expect(readFileSync(join(folder, 'etcd.service'), 'utf8')).toContain('ExecStart=/opt/etcd --name=i-1');
    expect(await first.lastWords()).toBe('started\n');

    const second = unitIn(folder);
    expect(await second.adopt(command.dataDir)).toBe(true);
    expect(second.pid()).toBe(pid);

    process.kill(pid ?? 0, 'SIGKILL');
    await eventually('both have seen its end', async () => ends.length === 1 && second.pid() === null);
    expect(ends).toEqual(['signal 9']);
    expect(first.pid()).toBeNull();

    await second.start(command);
    const again = second.pid() ?? 0;
    await second.stop(1_000);
    await eventually('it is gone', async () => startTimeOf(again) === null);
    await eventually('that is seen', async () => second.pid() === null);
  });
});
