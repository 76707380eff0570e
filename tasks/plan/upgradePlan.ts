/** What an upgrade would do: hops, order, releases, time, in the words of a dry run. Pure. */
import { factsOf } from '#etcd/minors.ts';
import { clusterVersionOf, compareVersions, minorOf } from '#etcd/versions.ts';
import type { CheckedUpgrade, Hop, NextHop, UpgradePlan } from '../catalogue.ts';
import { planLadder } from './ladder.ts';
import { leaderOf } from './memberReports.ts';
import { ladderFacts, releasesFor, reportsOf, type UpgradeFacts } from './upgradeFacts.ts';

export type Planned =
  | { readonly verdict: 'planned'; readonly plan: UpgradePlan }
  /** `field`: of the request, where that is what is wrong. */
  | { readonly verdict: 'refused'; readonly reasons: readonly string[] };

/** Seconds that a member's step takes without its data, and that a flip of the cluster version takes (measured: 3 to 4). */
const memberSeconds = 5;
const flipSeconds = 5;
const bytesPerSecond = 5 * 1024 ** 2;

export function planUpgrade(facts: UpgradeFacts, request: CheckedUpgrade, cluster: string): Planned {
  const wanted = wantedOf(facts, request);
  if (typeof wanted === 'string') return refused(wanted);
  const ladder = ladderFacts(facts, request);
  const hops = wanted.rollBack === null ? planLadder(ladder, wanted.to) : rolledBack(facts, wanted.rollBack);
  if (hops.verdict === 'refused') return hops;
  const releases = releasesOf(facts, hops.hops);
  if (typeof releases === 'string') return refused(releases);
  const order = memberOrder(facts);
  const [from = wanted.to] = [...ladder.versions].sort(compareVersions);
  const perMember = memberSeconds + Math.ceil(ladder.dataBytes / bytesPerSecond);
  return {
    verdict: 'planned',
    plan: {
      cluster,
      from,
      to: wanted.to,
      hops: hops.hops,
      order,
      releases,
      estimatedSeconds: hops.hops.length * (order.length * perMember + flipSeconds),
      steps: hops.hops.length === 0 ? [`every member runs ${wanted.to} already`] : stepsOf(hops.hops, order, wanted.to),
      goesOnWith: request.action === 'upgrade' || facts.upgrade === null ? null : facts.upgrade.beganAt,
    },
  };
}

interface Wanted {
  readonly to: string;
  readonly rollBack: { readonly from: string; readonly to: string } | null;
}

/** Where it goes; a sentence where there is nothing to go on with. */
function wantedOf({ upgrade, lock }: UpgradeFacts, { action, to }: CheckedUpgrade): Wanted | string {
  if (action === 'upgrade') return { to, rollBack: null };
  // One that had ended and had not released the lock is resumed to do that.
  if (upgrade === null || lock?.holder === undefined)
    return `there is no halted upgrade to ${action === 'rollBack' ? 'roll back' : action}; start one with {"to": "X.Y.Z"}`;
  if (action !== 'rollBack') return { to: upgrade.to, rollBack: null };
  if (upgrade.current === undefined || upgrade.endedAt !== undefined)
    return 'no hop of the halted upgrade is under way: there is nothing to roll back';
  return { to: upgrade.current.from, rollBack: upgrade.current };
}

/** The members that run the new release go back to the old one, while the cluster version has not flipped. */
function rolledBack(
  { surveys }: UpgradeFacts,
  { from, to }: { readonly from: string; readonly to: string },
): ReturnType<typeof planLadder> {
  const reported = surveys.flatMap(({ survey }) => survey?.description.member?.clusterVersion ?? []);
  const flipped = reported.find((version) => minorOf(version) !== minorOf(from));
  if (flipped !== undefined)
    return {
      verdict: 'refused',
      reasons: [
        `the cluster version is ${flipped} already: etcd ${from} could not come back; resume the upgrade to ${to} instead`,
      ],
    };
  const hop: Hop = {
    kind: 'rollBack',
    from: to,
    to: from,
    snapshotCount: 0,
    clusterVersion: clusterVersionOf(from),
    raftSnapshot: false,
    v2Api: surveys.some(({ survey }) => survey?.v2Api),
    deletesV2Keys: false,
    checksV2Store: false,
    gates: [],
  };
  return { verdict: 'planned', hops: [hop] };
}

function releasesOf({ releases, surveys }: UpgradeFacts, hops: readonly Hop[]): UpgradePlan['releases'] | string {
  const versions = [...new Set(hops.map(({ to }) => to))];
  const known = surveys.flatMap(({ survey }) => survey ?? []);
  const fitting = releasesFor(known, releases);
  const sourceOf = (version: string): UpgradePlan['releases'][number]['from'] | null => {
    // What every member has needs no source: a rollback must not hang on one.
    if (known.length > 0 && known.every((survey) => survey.releases.includes(version))) return 'installed';
    return fitting.find((release) => release.version === version)?.from ?? null;
  };
  const found = versions.map((version) => ({ version, from: sourceOf(version) }));
  const missing = found.filter(({ from }) => from === null).map(({ version }) => version);
  if (missing.length === 0) return found.flatMap(({ version, from }) => (from === null ? [] : [{ version, from }]));
  return `${missing.map((version) => `etcd ${version}`).join(', ')} cannot be had: neither in the cluster's bucket nor from the etcd project with a known SHA-256; put the archive and its .sha256 under releases/ in the bucket`;
}

/** Followers first, by name; the leader last. */
export function memberOrder({ surveys }: Pick<UpgradeFacts, 'surveys'>): UpgradePlan['order'] {
  const leader = leaderOf(reportsOf(surveys));
  return surveys
    .map(({ instanceId, survey }) => ({
      member: instanceId,
      version: survey?.description.etcd.version ?? '',
      leads: instanceId === leader,
    }))
    .sort((a, b) => Number(a.leads) - Number(b.leads) || (a.member < b.member ? -1 : 1));
}

/**
 * Before each flip, which nobody can take back: the v3 backend of one member, which is that of all; and of each member its
 * snapshot and log where these hold what the backend does not, on 2.x and while clients have keys of the v2 API.
 */
export function backupsOf({ surveys }: Pick<UpgradeFacts, 'surveys'>, hop: Hop): NextHop['backups'] {
  if (hop.kind !== 'minor') return [];
  const order = memberOrder({ surveys });
  const hasBackend = factsOf(hop.from).dataApi === 'v3';
  const hasV2Keys = surveys.some(({ survey }) => (survey?.v2Keys?.length ?? 0) > 0);
  return [
    ...(hasBackend ? order.slice(0, 1).map(({ member }) => ({ member, format: 'db' as const })) : []),
    ...(!hasBackend || hasV2Keys ? order.map(({ member }) => ({ member, format: 'tar.gz' as const })) : []),
  ];
}

function stepsOf(hops: readonly Hop[], order: UpgradePlan['order'], to: string): string[] {
  const names = order.map(({ member, leads }) => `${member}${leads ? ' (leads now)' : ''}`).join(', then ');
  return [
    'take the lock of the cluster',
    ...hops.map((hop) => {
      const why = hop.deletesV2Keys
        ? 'without the v2 API, its keys deleted before'
        : hop.v2Api
          ? 'with the v2 API on'
          : 'so that it takes a raft snapshot';
      const what = hop.kind === 'restart' ? `restart every member as ${hop.to} ${why}` : `${hop.from} to ${hop.to}`;
      const flip =
        hop.kind === 'minor' ? `, then wait until every member reports the cluster version ${hop.clusterVersion}` : '';
      const backup = hop.kind === 'minor' ? ', after a backup' : '';
      const snapshot = hop.raftSnapshot ? ', then have every member take a raft snapshot' : '';
      return `${what}${backup}: one member at a time (${names})${flip}${snapshot}`;
    }),
    `release the lock: every member runs ${to}`,
  ];
}

function refused(reason: string): Planned {
  return { verdict: 'refused', reasons: [reason] };
}
