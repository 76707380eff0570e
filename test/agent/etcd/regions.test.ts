/** Which region a zone is in, and what the regions want together. */
import { describe, expect, test } from '@jest/globals';
import type { KnownMember } from '#etcd/knownMembers.ts';
import { membersIn, regionOfZone, wantedAtLeast, wantedInAll } from '#etcd/regions.ts';

const member = (region: string | null): KnownMember => ({
  id: `${Math.random()}`,
  name: 'i-1',
  peerUrls: [],
  isLearner: false,
  healthy: true,
  instance: 'live',
  zone: null,
  region,
});

describe('a zone', () => {
  test.each([
    ['eu-west-1a', 'eu-west-1'],
    ['ap-southeast-2c', 'ap-southeast-2'],
    ['us-gov-west-1b', 'us-gov-west-1'],
    ['us-west-2-lax-1a', 'us-west-2'],
    ['us-east-1-wl1-bos-wlz-1', 'us-east-1'],
    ['eu-west-1', null],
    ['', null],
    ['zone', null],
  ])('%s is in %s', (zone, region) => expect(regionOfZone(zone)).toBe(region));
});

describe('members wanted', () => {
  const home = { region: 'home', wanted: 3 };

  test('are those of all regions', () => {
    expect(wantedInAll([home, { region: 'away', wanted: 2 }])).toBe(5);
    expect(wantedInAll([home])).toBe(3);
  });

  test('are not known where a region is silent', () => {
    expect(wantedInAll([home, { region: 'away', wanted: null }])).toBeNull();
  });

  test('are at least those that a silent region has', () => {
    const silent = [
      { region: 'home', wanted: 0 },
      { region: 'away', wanted: null },
    ];
    expect(wantedAtLeast(silent, [member('away'), member('home')])).toBe(1);
    expect(wantedAtLeast([home, { region: 'away', wanted: 0 }], [member('away')])).toBe(3);
  });
});

test('a member of which nobody knows where it is takes a place in each region', () => {
  expect(membersIn('home', [member('home'), member('away'), member(null)])).toBe(2);
});
