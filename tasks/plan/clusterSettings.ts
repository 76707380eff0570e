/** The item `settings` from the properties of a custom resource, which are all text. Pure. */
import type { ClusterSettings, RegionOfCluster } from '#etcd/record.ts';

/** What the stack gives the custom resource. */
export interface SettingsProperties {
  readonly Cluster: string;
  readonly GroupName: string;
  readonly Members: string;
  /** Separated by commas, home first. */
  readonly Regions: string;
  /** Of each of them, in the same order. */
  readonly RegionMembers: string;
  readonly HostedZoneId: string;
  readonly HostedZoneName: string;
  readonly RecordTtlSeconds: string;
  readonly QuotaBackendBytes: string;
  readonly CompactionHours: string;
  readonly DefragmentAbovePercent: string;
  readonly DefragmentFromMiB: string;
  readonly LogGroupName: string;
}

/**
 * @param writtenAt ISO 8601
 * @throws Error naming the property that is missing or no number
 */
export function settingsFrom(properties: Readonly<Record<string, string>>, writtenAt: string): ClusterSettings {
  const text = (name: keyof SettingsProperties) => {
    const value = properties[name];
    if (value === undefined || value === '') throw new Error(`the property ${name} is missing`);
    return value;
  };
  const whole = (name: keyof SettingsProperties) => {
    const value = text(name);
    if (!/^\d+$/.test(value)) throw new Error(`the property ${name} is '${value}', not a whole number`);
    return Number(value);
  };
  return {
    cluster: text('Cluster'),
    item: 'settings',
    groupName: text('GroupName'),
    members: whole('Members'),
    regions: regionsFrom(text('Regions').split(','), text('RegionMembers').split(',')),
    hostedZone: { id: text('HostedZoneId'), name: text('HostedZoneName') },
    etcd: { quotaBackendBytes: whole('QuotaBackendBytes'), compactionHours: whole('CompactionHours') },
    defragmentation: { abovePercent: whole('DefragmentAbovePercent'), fromMiB: whole('DefragmentFromMiB') },
    recordTtlSeconds: whole('RecordTtlSeconds'),
    logGroupName: text('LogGroupName'),
    writtenAt,
  };
}

function regionsFrom(regions: readonly string[], members: readonly string[]): readonly RegionOfCluster[] {
  if (regions.length !== members.length || !members.every((one) => /^\d+$/.test(one)))
    throw new Error(`the property RegionMembers is '${members}', not a whole number for each of ${regions}`);
  return regions.map((region, index) => ({ region, members: Number(members[index]) }));
}
