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
      tls: true,
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
    [{ certificateDays: 0 }, 'etcd-appliance.certificateDays is 0; allowed: a whole number from 1 to 90'],
    [{ certificateDays: 91 }, 'etcd-appliance.certificateDays is 91; allowed: a whole number from 1 to 90'],
    [
      { certificateAuthorityGeneration: 0 },
      'etcd-appliance.certificateAuthorityGeneration is 0; allowed: a whole number from 1 to 1000',
    ],
    [{ connectionRevision: 0 }, 'etcd-appliance.connectionRevision is 0; allowed: a whole number from 1 to 1000000'],
    [{ tls: 'no' }, 'etcd-appliance.tls is "no"; allowed: true or false'],
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

  test('refuse TLS with an etcd that panics at it', () => {
    expect(() => parseSettings({ etcdVersion: '2.0.0' })).toThrow('allowed: false, or etcd 2.0.5 and later');
    expect(parseSettings({ etcdVersion: '2.0.0', tls: false }).tls).toBe(false);
  });

  test.each(['2.0.5', '2.3.8', '3.0.17', '3.1.20', '3.7.3'])(
    'have TLS with etcd %s unless they say no',
    (etcdVersion) => {
      expect(parseSettings({ etcdVersion }).tls).toBe(true);
      expect(parseSettings({ etcdVersion, tls: false }).tls).toBe(false);
    },
  );

  test('never let the world in', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 0, max: 7 }), (ip, bits) => {
        expect(() => parseSettings({ clientCidrs: [`${ip}/${bits}`] })).toThrow('the whole world is never allowed');
      }),
    );
  });
});

const west = { region: 'eu-west-1', members: 3 };
const central = { region: 'eu-central-1', members: 2 };

describe('two regions', () => {
  test('have addresses of their own, and as many members as both together', () => {
    const { members, home, regions } = parseSettings({ regions: [west, central] });
    expect(members).toBe(5);
    expect(regions).toEqual([
      { ...west, cidr: '10.42.0.0/16', zones: 3 },
      { ...central, cidr: '10.43.0.0/16', zones: 3 },
    ]);
    expect(home).toEqual(regions?.[0]);
    const [atHome, other] = [
      { ...west, vpcId: 'vpc-12345678' },
      { ...central, cidr: '10.50.0.0/20' },
    ];
    expect(parseSettings({ regions: [atHome, other] }).regions).toEqual([
      { ...atHome, cidr: '10.42.0.0/16', zones: 3 },
      { ...other, zones: 3 },
    ]);
  });

  test('have each as many zones as they say, or as is said for both', () => {
    const zonesOf = (settings: object) => parseSettings(settings).regions?.map(({ zones }) => zones);
    expect(zonesOf({ regions: [west, { ...central, zones: 2 }] })).toEqual([3, 2]);
    expect(zonesOf({ zones: 2, regions: [west, { ...central, zones: 3 }] })).toEqual([2, 3]);
    expect(zonesOf({ zones: 2, regions: [west, central] })).toEqual([2, 2]);
  });

  test('speak plain HTTP between VPCs of the cluster’s own alone', () => {
    expect(parseSettings({ regions: [west, central], tls: false }).tls).toBe(false);
  });

  test('may begin with nobody in the other one', () => {
    expect(parseSettings({ regions: [west, { ...central, members: 0 }] }).members).toBe(3);
  });

  test('are given on the command line as JSON', () => {
    const context = { 'etcd-appliance.regions': JSON.stringify([west, central]) };
    expect(parseSettings(settingsFromContext(context)).members).toBe(5);
  });

  test('one alone is what it was', () => {
    const { members, home, regions } = parseSettings({ members: 5, cidr: '10.9.0.0/16' });
    expect({ members, home, regions }).toEqual({ members: 5, home: { members: 5, cidr: '10.9.0.0/16', zones: 3 } });
  });

  const at = (more: object) => ({ regions: [west, { ...central, ...more }] });
  test.each<[unknown, string]>([
    [{ regions: 2 }, 'etcd-appliance.regions is 2; allowed: two regions, home first'],
    [{ regions: [west] }, 'allowed: two regions, home first'],
    [{ regions: [west, central, west] }, 'allowed: two regions, home first'],
    [{ regions: ['eu-west-1', central] }, 'etcd-appliance.regions.0 must be an object of settings'],
    [{ regions: [west, { region: 'eu-central-1' }] }, 'etcd-appliance.regions.1.members is missing'],
    [
      at({ member: 1 }),
      'etcd-appliance.regions.1.member is not a setting; allowed: region, members, vpcId, cidr, zones',
    ],
    [at({ region: 'frankfurt' }), 'etcd-appliance.regions.1.region is "frankfurt"; allowed: a region such as'],
    [at({ region: 'eu-west-1' }), 'etcd-appliance.regions.1.region is eu-west-1 as the first'],
    [at({ members: 7 }), 'etcd-appliance.regions.1.members is 7; allowed: 0 to 4'],
    [at({ members: 8 }), 'etcd-appliance.regions.1.members is 8; allowed: a whole number from 0 to 7'],
    [at({ members: 1.5 }), 'etcd-appliance.regions.1.members is 1.5; allowed: a whole number'],
    [{ regions: [{ ...west, members: 0 }, central] }, 'etcd-appliance.regions.0.members is 0; allowed: 1 to 7'],
    [at({ cidr: '10.42.128.0/17' }), 'etcd-appliance.regions.1.cidr is 10.42.128.0/17, which overlaps 10.42.0.0/16'],
    [at({ cidr: '10.43.0.0/24' }), 'etcd-appliance.regions.1.cidr is "10.43.0.0/24"; allowed: an IPv4 block'],
    [
      { regions: [{ ...west, cidr: '10.43.0.0/16' }, central] },
      'etcd-appliance.regions.1.cidr is 10.43.0.0/16, which overlaps',
    ],
    [at({ vpcId: 'vpc-12345678', cidr: '10.50.0.0/16' }), 'etcd-appliance.regions.1.cidr is for a new VPC'],
    [at({ vpcId: 'vpc-12345678', zones: 2 }), 'etcd-appliance.regions.1.zones is for a new VPC'],
    [
      { ...at({ vpcId: 'vpc-12345678' }), tls: false },
      'etcd-appliance.regions.1.vpcId is vpc-12345678, whose other hosts in the same subnets would reach the members of the other region without TLS; allowed: a new VPC, or etcd-appliance.tls true',
    ],
    [
      { regions: [{ ...west, vpcId: 'vpc-12345678' }, central], tls: false },
      'etcd-appliance.regions.0.vpcId is vpc-12345678, whose other hosts',
    ],
    [at({ zones: 4 }), 'etcd-appliance.regions.1.zones is 4; allowed: 2 or 3'],
    [
      { ...at({}), members: 3 },
      'etcd-appliance.members is for a cluster in one region; with etcd-appliance.regions it is etcd-appliance.regions.0.members and etcd-appliance.regions.1.members',
    ],
    [{ ...at({}), cidr: '10.42.0.0/16' }, 'etcd-appliance.cidr is for a cluster in one region'],
    [{ ...at({}), vpcId: 'vpc-12345678' }, 'etcd-appliance.vpcId is for a cluster in one region'],
    [
      { ...at({}), alarmTopicArn: 'arn:aws:sns:eu-central-1:123456789012:pagers' },
      'allowed: a topic of eu-west-1, the first region',
    ],
    [{ hostedZone: {} }, 'etcd-appliance.hostedZone.name is missing'],
    [{ hostedZone: { name: 'a.b', zone: 1 } }, 'etcd-appliance.hostedZone.zone is not a setting; allowed: name, id'],
    [{ cluster: 'a'.repeat(29) }, 'then up to 27 letters, digits and dashes'],
  ])('%j is refused', (raw, message) => {
    expect(() => parseSettings(raw)).toThrow(expect.objectContaining({ name: 'InvalidInput' }));
    expect(() => parseSettings(raw)).toThrow(message);
  });
});

/** As the refusal of a field that is none lists them. */
function allSettings(): readonly string[] {
  try {
    parseSettings({ none: true });
    return [];
  } catch (error) {
    return (/allowed: ([\w, ]+)/.exec((error as Error).message)?.[1] ?? '').trim().split(', ');
  }
}

describe('the README', () => {
  test('has every setting in its table', () => {
    const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
    const rows = readme.split('\n').filter((line) => line.startsWith('| `'));
    for (const name of allSettings())
      expect([name, rows.some((row) => row.split('|')[1]?.includes(`\`${name}\``))]).toEqual([name, true]);
  });
});

describe('settings on the command line', () => {
  test('are single fields beside the object of cdk.json', () => {
    const context = {
      'etcd-appliance': { members: 3, cluster: 'a' },
      'etcd-appliance.members': '5',
      'etcd-appliance.tls': 'false',
      'etcd-appliance.clientCidrs': '["10.0.0.0/8"]',
      other: 1,
    };
    expect(settingsFromContext(context)).toEqual({
      members: 5,
      tls: false,
      cluster: 'a',
      clientCidrs: ['10.0.0.0/8'],
    });
  });

  test('that are no object are refused', () => {
    expect(() => settingsFromContext({ 'etcd-appliance': [] })).toThrow('etcd-appliance must be an object of settings');
  });
});
