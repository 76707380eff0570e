import { describe, expect, test } from '@jest/globals';
import { unitText } from '../../../agent/machine/systemdUnit.ts';

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

  test('is started again by the agent alone, and never by systemd beside it', () => {
    expect(text).toContain('\nRestart=no\n');
    expect(text).not.toMatch(/PartOf|BindsTo|Requires=etcd-agent/);
  });
});
