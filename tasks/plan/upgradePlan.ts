/** What an upgrade would do: hops, order, releases, time, in the words of a dry run. Pure. */
import { noWayBack } from '#etcd/hops.ts';
import { factsOf } from '#etcd/minors.ts';
import { clusterVersionOf, compareVersions, minorOf } from '#etcd/versions.ts';
import type { CheckedUpgrade, Hop, NextHop, UpgradePlan } from '../catalogue.ts';
import { type Ladder, type LadderFacts, planLadder } from './ladder.ts';
import { leaderOf } from './memberReports.ts';
import { ladderFacts, releasesFor, reportsOf, type UpgradeFacts } from './upgradeFacts.ts';

export type Planned =
  | { readonly verdict: 'planned'; readonly plan: UpgradePlan }
  /** `field`: of the request, where that is what is wrong. */
  | { readonly verdict: 'refused'; readonly reasons: readonly string[] };

/**
 * Seconds that a member's step takes without its data: 11 in which clients that know its address stop coming (the default time
 * to live of DNS records), the rest to choose it, to hand over, to swap and to see it healthy (measured: 6 to 8).
 */
const memberSeconds = 18;
/** That a flip of the cluster version takes (measured: 3 to 4). */
const flipSeconds = 5;
const bytesPerSecond = 5 * 1024 ** 2;

/** @param lastBackup that is known */
export function planUpgrade(
  facts: UpgradeFacts,
  request: CheckedUpgrade,
  cluster: string,
  lastBackup: UpgradePlan['lastBackup'] = null,
): Planned {
  const wanted = wantedOf(facts, request);
  if (typeof wanted === 'string') return refused(wanted);
  const ladder = ladderFacts(facts, request);
  const back = wanted.rollBack === null ? null : rolledBack(facts, wanted.rollBack);
  // A rollback that was halted until the cluster version changed can only go forward.
  const isTooLate = back?.verdict === 'refused' && request.action === 'resume';
  const to = isTooLate && wanted.rollBack !== null ? wanted.rollBack.to : wanted.to;
  const planned = back === null || isTooLate ? laddered(facts, request, ladder, to) : back;
  if (planned.verdict === 'refused') return planned;
  const hops = withUnfinished(facts, planned.hops);
  const releases = releasesOf(facts, hops);
  if (typeof releases === 'string') return refused(releases);
  const order = memberOrder(facts);
  const [from = to] = [...ladder.versions].sort(compareVersions);
  const perMember = memberSeconds + Math.ceil(ladder.dataBytes / bytesPerSecond);
  return {
    verdict: 'planned',
    plan: {
      cluster,
      from,
      to,
      hops,
      order,
      lastBackup,
      releases,
      estimatedSeconds: hops.length * (order.length * perMember + flipSeconds),
      steps: hops.length === 0 ? [`every member runs ${to} already`] : stepsOf(hops, order, to),
      goesOnWith: request.action === 'upgrade' || facts.upgrade === null ? null : facts.upgrade.beganAt,
      owesGroup: facts.rotation !== null && facts.rotation.restoredAt === undefined,
    },
  };
}

/** One that had reached its end, and was stopped before it released the lock, has only that left to do. */
function laddered({ upgrade }: UpgradeFacts, { action }: CheckedUpgrade, facts: LadderFacts, to: string): Ladder {
  if (action === 'resume' && upgrade?.endedAt !== undefined) return { verdict: 'planned', hops: [] };
  return planLadder(facts, to);
}

/** Leaves a halted upgrade where it is: only whether the lock may be released is asked. */
export function planAbandonment({ lock, upgrade }: Pick<UpgradeFacts, 'lock' | 'upgrade'>, cluster: string): Planned {
  if (lock?.holder === undefined) return refused(nothingTo('abandon'));
  const begun = upgrade !== null && upgrade.endedAt === undefined ? upgrade : null;
  const plan: UpgradePlan = {
    cluster,
    from: begun?.from ?? '',
    to: begun?.to ?? '',
    hops: [],
    order: [],
    lastBackup: null,
    releases: [],
    estimatedSeconds: 0,
    steps: ['release the lock: the members stay as they are'],
    goesOnWith: begun?.beganAt ?? null,
    owesGroup: false,
  };
  return { verdict: 'planned', plan };
}

function nothingTo(action: CheckedUpgrade['action']): string {
  const what = action === 'rollBack' ? 'roll back' : action;
  return `there is no halted upgrade to ${what}; start one with {"to": "X.Y.Z"}`;
}

interface Wanted {
  readonly to: string;
  readonly rollBack: { readonly from: string; readonly to: string } | null;
}

/** Where it goes; a sentence where there is nothing to go on with. */
function wantedOf({ upgrade, lock }: UpgradeFacts, { action, to }: CheckedUpgrade): Wanted | string {
  if (action === 'upgrade') return { to, rollBack: null };
  // One that had ended and had not released the lock is resumed to do that.
  if (upgrade === null || lock?.holder === undefined) return nothingTo(action);
  if (upgrade.endedAt !== undefined && upgrade.token !== lock.token)
    return `${lock.holder} took the lock and noted nothing that could be gone on with: start with {"to": "X.Y.Z"}, or with {"action": "abandon"}`;
  const goesBack = action === 'rollBack' || (action === 'resume' && upgrade.current?.back === true);
  if (!goesBack) return { to: upgrade.to, rollBack: null };
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
  const newer = surveys.filter(({ survey }) => survey?.description.etcd.version === to);
  const closed = newer.length === 0 ? null : noWayBack(to, from);
  if (closed !== null)
    return {
      verdict: 'refused',
      reasons: [
        `${closed}: resume the upgrade; or abandon it and terminate the instances that run ${to}, one after the other: ${newer.map(({ instanceId }) => instanceId).join(', ')}`,
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

/**
 * Where the last member of a hop was swapped, and the hop was never noted as done, nobody knows yet whether all are well and
 * report its cluster version: that is waited for before anything else.
 */
function withUnfinished({ upgrade, surveys }: UpgradeFacts, hops: readonly Hop[]): readonly Hop[] {
  const open = upgrade?.endedAt === undefined ? upgrade?.current : undefined;
  const known = surveys.flatMap(({ survey }) => survey ?? []);
  const swapped = known.every(({ description }) => description.etcd.version === open?.to);
  const [next, ...later] = hops;
  const again = next?.to === open?.to && (next?.kind !== 'restart' || open?.from === open?.to);
  if (open === undefined || open.back === true || known.length === 0 || !swapped || again) return hops;
  const snapshotCount = Math.max(0, ...known.map((survey) => survey.snapshotCount));
  const finish: Hop = {
    ...open,
    kind: 'finish',
    snapshotCount,
    clusterVersion: clusterVersionOf(open.to),
    raftSnapshot: snapshotCount > 0,
    v2Api: known.some(({ v2Api }) => v2Api),
    deletesV2Keys: false,
    checksV2Store: false,
    gates: [],
  };
  if (next === undefined) return [finish];
  const isForSnapshot = next.kind === 'restart' && !next.v2Api && !next.deletesV2Keys;
  return isForSnapshot && finish.raftSnapshot ? [finish, ...later] : [finish, next, ...later];
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
 * Before each flip, and before the keys of the v2 API are deleted, which nobody can take back: the v3 backend of one member, which is that of all; and of each member its
 * snapshot and log where these hold what the backend does not, on 2.x and while clients have keys of the v2 API.
 */
export function backupsOf({ surveys }: Pick<UpgradeFacts, 'surveys'>, hop: Hop): NextHop['backups'] {
  if (hop.kind !== 'minor' && !hop.deletesV2Keys) return [];
  const order = memberOrder({ surveys });
  const well = order.filter(({ member }) =>
    surveys.some(({ instanceId, survey }) => instanceId === member && survey?.description.health.verdict === 'healthy'),
  );
  const hasBackend = factsOf(hop.from).dataApi === 'v3';
  const hasV2Keys = surveys.some(({ survey }) => (survey?.v2Keys?.length ?? 0) > 0);
  return [
    ...(hasBackend && hop.kind === 'minor'
      ? [...well, ...order].slice(0, 1).map(({ member }) => ({ member, format: 'db' as const }))
      : []),
    ...(!hasBackend || hasV2Keys || hop.deletesV2Keys
      ? order.map(({ member }) => ({ member, format: 'tar.gz' as const }))
      : []),
  ];
}

/** One that serves the v2 API; empty where nobody does. */
export function v2MemberOf({ surveys }: Pick<UpgradeFacts, 'surveys'>): string {
  return surveys.find(({ survey }) => survey?.v2Keys != null)?.instanceId ?? '';
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
      if (hop.kind === 'finish')
        return `wait until every member is well with ${hop.to} and reports the cluster version ${hop.clusterVersion}`;
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
