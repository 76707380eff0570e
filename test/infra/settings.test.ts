import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseSettings, settingsFromContext } from '../../infra/settings.ts';

describe('settings', () => {
  test('all have defaults', () => {
    expect(parseSettings({})).toMatchObject({
      cluster: 'etcd',
      members: 3,
      etcdVersion: '3.5.35',
      instanceType: 'm6i.large',
      clientCidrs: [],
    });
    expect(parseSettings(undefined)).toEqual(parseSettings({}));
    expect(parseSettings({ architecture: 'arm64' }).instanceType).toBe('m7g.large');
  });

  test.each<[unknown, string]>([
    [{ member: 3 }, 'etcd-appliance.member is not a setting; allowed: cluster, members'],
    [{ members: 4 }, 'etcd-appliance.members is 4; allowed: 1, 3, 5 or 7'],
    [{ members: '3' }, 'etcd-appliance.members is "3"; allowed: 1, 3, 5 or 7'],
    [{ cluster: 'Etcd' }, 'etcd-appliance.cluster is "Etcd"; allowed: a lower-case letter'],
    [{ cluster: '' }, 'etcd-appliance.cluster is ""'],
    [{ etcdVersion: '3.5' }, 'etcd-appliance.etcdVersion is "3.5"; allowed: X.Y.Z of a minor from 2.0 to 3.7'],
    [{ etcdVersion: '3.8.0' }, 'etcd-appliance.etcdVersion is "3.8.0"'],
    [{ architecture: 'riscv' }, 'etcd-appliance.architecture is "riscv"; allowed: x86_64 or arm64'],
    [
      { architecture: 'arm64', etcdVersion: '3.3.27' },
      'etcd-appliance.architecture is arm64, but etcd 3.3.27 has no supported arm64 release',
    ],
    [{ instanceType: 'large' }, 'etcd-appliance.instanceType is "large"; allowed: an EC2 instance type'],
    [{ instanceType: 'm7g.large' }, 'etcd-appliance.instanceType is m7g.large, which is not x86_64'],
    [
      { architecture: 'arm64', instanceType: 'm6i.large' },
      'etcd-appliance.instanceType is m6i.large, which is not arm64',
    ],
    [{ dataVolumeGiB: 0 }, 'etcd-appliance.dataVolumeGiB is 0; allowed: a whole number from 1 to 16384'],
    [{ dataVolumeGiB: 1.5 }, 'etcd-appliance.dataVolumeGiB is 1.5; allowed: a whole number'],
    [{ vpcId: 'vpc-1' }, 'etcd-appliance.vpcId is "vpc-1"; allowed: the id of a VPC'],
    [{ cidr: '10.0.0.0/8' }, 'etcd-appliance.cidr is "10.0.0.0/8"; allowed: an IPv4 block'],
    [{ cidr: '10.0.0.300/16' }, 'etcd-appliance.cidr is "10.0.0.300/16"'],
    [{ natGateways: 0 }, 'etcd-appliance.natGateways is 0; allowed: a whole number from 1 to 3'],
    [{ hostedZone: 'etcd.internal' }, 'etcd-appliance.hostedZone'],
    [{ hostedZone: { name: 'x y' } }, 'etcd-appliance.hostedZone.name is "x y"; allowed: a domain name'],
    [
      { hostedZone: { name: 'etcd.internal', id: 'z1' } },
      'etcd-appliance.hostedZone.id is "z1"; allowed: the id of a hosted zone',
    ],
    [
      { clientCidrs: ['0.0.0.0/0'] },
      'etcd-appliance.clientCidrs.0 is "0.0.0.0/0"; allowed: an IPv4 block of /8 or smaller; the whole world is never allowed',
    ],
    [{ clientCidrs: ['0.0.0.0/1'] }, 'the whole world is never allowed'],
    [{ clientCidrs: '10.0.0.0/8' }, 'etcd-appliance.clientCidrs'],
    [
      { clientSecurityGroups: ['default'] },
      'etcd-appliance.clientSecurityGroups.0 is "default"; allowed: the id of a security group',
    ],
    [
      { memberHealthyTimeoutSeconds: 5 },
      'etcd-appliance.memberHealthyTimeoutSeconds is 5; allowed: a whole number from 10 to 7200',
    ],
    [{ instancesInServiceTimeoutSeconds: 1e9 }, 'etcd-appliance.instancesInServiceTimeoutSeconds is 1000000000'],
    ['etcd', 'etcd-appliance must be an object of settings'],
  ])('%j is refused', (raw, message) => {
    expect(() => parseSettings(raw)).toThrow(expect.objectContaining({ name: 'InvalidInput' }));
    expect(() => parseSettings(raw)).toThrow(message);
  });

  test('never let the world in', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 0, max: 7 }), (ip, bits) => {
        expect(() => parseSettings({ clientCidrs: [`${ip}/${bits}`] })).toThrow('the whole world is never allowed');
      }),
    );
  });
});

describe('the README', () => {
  test('has every setting in its table', () => {
    const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
    const rows = readme.split('\n').filter((line) => line.startsWith('| `'));
    for (const name of Object.keys(
      parseSettings({ vpcId: 'vpc-12345678', alarmTopicArn: 'arn:aws:sns:eu-west-1:123456789012:a' }),
    ))
      expect([name, rows.some((row) => row.split('|')[1]?.includes(`\`${name}\``))]).toEqual([name, true]);
  });
});

describe('settings on the command line', () => {
  test('are single fields beside the object of cdk.json', () => {
    const context = {
      'etcd-appliance': { members: 3, cluster: 'a' },
      'etcd-appliance.members': '5',
      'etcd-appliance.clientCidrs': '["10.0.0.0/8"]',
      other: 1,
    };
    expect(settingsFromContext(context)).toEqual({ members: 5, cluster: 'a', clientCidrs: ['10.0.0.0/8'] });
  });

  test('that are no object are refused', () => {
    expect(() => settingsFromContext({ 'etcd-appliance': [] })).toThrow('etcd-appliance must be an object of settings');
  });
});
