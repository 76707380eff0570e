/** Everything that the decisions of an upgrade rest on, read at one moment. */
import { hopInto, nextMinor } from '#etcd/hops.ts';
import { factsOf } from '#etcd/minors.ts';
import { compareVersions, type Minor, minorOf, minors } from '#etcd/versions.ts';
import type { Survey } from '../../agent/protocol.ts';
import { readGroup } from '../aws/group.ts';
import { listReleases } from '../aws/objects.ts';
import { officialReleases } from '../aws/officialReleases.ts';
import { readBootstrap, readLock, readRotation, readUpgrade } from '../aws/record.ts';
import { sendToAgent } from '../aws/runCommand.ts';
import { endedHolder } from '../lock/holder.ts';
import { stayingInstances } from '../plan/group.ts';
import type { MemberSurvey, Release, UpgradeFacts } from '../plan/upgradeFacts.ts';

/** @param wanted X.Y.Z of releases that are asked for beside the newest of each minor */
export async function readFacts(execution: string, releases: readonly Release[]): Promise<UpgradeFacts> {
  const [bootstrap, lock, rotation, upgrade, group] = await Promise.all([
    readBootstrap(),
    readLock(),
    readRotation(),
    readUpgrade(),
    readGroup(),
  ]);
  const surveys = await surveyMembers(
    stayingInstances(group).map(({ instanceId }) => instanceId),
    execution,
  );
  return {
    bootstrap,
    lock,
    holderEnded: await endedHolder(lock, execution),
    rotation,
    upgrade,
    group,
    surveys,
    releases,
  };
}

/** What the members run now, each by its own word. */
export function surveyMembers(instanceIds: readonly string[], execution: string): Promise<readonly MemberSurvey[]> {
  return Promise.all(
    instanceIds.map((instanceId) =>
      surveyOf(instanceId, execution).catch(
        (error: Error): MemberSurvey => ({
          instanceId,
          survey: null,
          problem: error.message,
          answeredAtMs: Date.now(),
        }),
      ),
    ),
  );
}

async function surveyOf(instanceId: string, execution: string): Promise<MemberSurvey> {
  // Each look is a command of its own: a repeated id would answer what was seen the first time.
  const id = `${execution.split(':').at(-1)}/survey/${instanceId}/${Date.now()}`;
  const { entry } = await sendToAgent(instanceId, { command: 'survey', id, input: {} });
  const answeredAtMs = Date.now();
  if (entry.outcome.status === 'succeeded')
    return { instanceId, survey: entry.outcome.result as Survey, problem: '', answeredAtMs };
  const problem = entry.outcome.status === 'failed' ? entry.outcome.cause : 'it did not answer in time';
  return { instanceId, survey: null, problem, answeredAtMs };
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
    .map((minor) => factsOf(`${minor}.0`).latestPatch)
    // No sums of 2.x releases are published: they have to be in the bucket.
    .filter((version) => compareVersions(version, '3.0.0') >= 0);
  const asked = [...missing, ...wanted].filter((version) => version !== '' && !versions.includes(version));
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
