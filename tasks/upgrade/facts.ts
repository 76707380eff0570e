/** Everything that the decisions of an upgrade rest on, read at one moment. */
import { hopInto, nextMinor } from '#etcd/hops.ts';
import { factsOf } from '#etcd/minors.ts';
import { compareVersions, isSupported, type Minor, minorOf, minors } from '#etcd/versions.ts';
import { surveyMembers } from '../agents/ask.ts';
import { readGroups } from '../aws/group.ts';
import { listReleases } from '../aws/objects.ts';
import { officialReleases } from '../aws/officialReleases.ts';
import { readBootstrap, readLock, readRotation, readUpgrade } from '../aws/record.ts';
import { endedHolder } from '../lock/holder.ts';
import { stayingInAll } from '../plan/group.ts';
import type { Release, UpgradeFacts } from '../plan/upgradeFacts.ts';

/** @param releases that can be had */
export async function readFacts(execution: string, releases: readonly Release[]): Promise<UpgradeFacts> {
  const [bootstrap, lock, rotation, upgrade, groups] = await Promise.all([
    readBootstrap(),
    readLock(),
    readRotation(),
    readUpgrade(),
    readGroups(),
  ]);
  const surveys = await surveyMembers(
    stayingInAll(groups).map(({ instanceId }) => instanceId),
    execution,
  );
  return {
    bootstrap,
    lock,
    holderEnded: await endedHolder(lock, execution),
    rotation,
    upgrade,
    groups,
    surveys,
    releases,
  };
}

/**
 * Releases that can be had: those of the bucket, and of each minor that the bucket has none of that the next hop could start
 * from the newest that the etcd project publishes.
 * @param wanted X.Y.Z of more to ask the project for
 */
export async function obtainableReleases(wanted: readonly string[]): Promise<readonly Release[]> {
  const inBucket = await listReleases();
  const versions = inBucket.map(({ version }) => version);
  const missing = minors
    .filter((minor) => !versions.some((version) => minorOf(version) === minor && startsNextHop(version, minor)))
    .map((minor) => factsOf(`${minor}.0`).latestPatch);
  const asked = [...missing, ...wanted]
    .filter((version) => isSupported(version) && !versions.includes(version))
    // No sums of 2.x releases are published: they have to be in the bucket.
    .filter((version) => compareVersions(version, '3.0.0') >= 0);
  const official = await officialReleases([...new Set(asked)]);
  return [
    ...inBucket.map(({ version, arch }): Release => ({ version, arch, from: 'bucket' })),
    ...official.map((version): Release => ({ version, arch: null, from: 'official' })),
  ];
}

function startsNextHop(version: string, minor: Minor): boolean {
  const next = nextMinor(minor);
  const least = next === null ? undefined : hopInto(next).leastPatch?.value;
  return least === undefined || compareVersions(version, least) >= 0;
}
