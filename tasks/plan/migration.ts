/** What MigrateToTls does next, by what the members serve, and what stands against it. Pure. */
import { firstWithTls, servesTls } from '#etcd/minors.ts';
import type { TransportRecord } from '#etcd/record.ts';
import { nextTransport, type Transport } from '#etcd/transport.ts';
import { isSupported } from '#etcd/versions.ts';
import type { CheckedMigration, MigrationPlan } from '../catalogue.ts';
import { healthProblems, listProblems } from './memberReports.ts';
import type { Problems } from './rotationPreflight.ts';
import {
  authProblems,
  clockProblems,
  groupProblems,
  lockProblems,
  type MemberSurvey,
  reachProblems,
  reportsOf,
  type UpgradeFacts,
} from './upgradeFacts.ts';
import { memberOrder } from './upgradePlan.ts';

/** Each on every member before the next: nobody ever serves what another member, or a client, cannot speak yet. */
export function wayOf(from: Transport, to: Transport): readonly Transport[] {
  const next = nextTransport(from, to);
  return next === null ? [] : [next, ...wayOf(next, to)];
}

/** Of all members; `both` where they differ, from where either way is open. */
export function servedBy(surveys: readonly MemberSurvey[]): Transport {
  const [first = 'plain', ...others] = new Set(
    surveys.flatMap(({ survey }) => (survey === null ? [] : [survey.security.transport])),
  );
  return others.length === 0 ? first : 'both';
}

/**
 * What every member is to serve next; null where all serve what was asked for. Members that differ all go to `both` first, as
 * those of a migration that was halted or turned round.
 */
export function nextStep(surveys: readonly MemberSurvey[], to: Transport): Transport | null {
  const served = servedBy(surveys);
  const differ = surveys.some(({ survey }) => survey?.security.transport !== served);
  return differ ? 'both' : nextTransport(served, to);
}

/** What cannot serve TLS, beside HTTP or alone. */
function unableToServe({ instanceId, survey }: MemberSurvey): readonly string[] {
  const version = survey?.description.etcd.version ?? '';
  if (!isSupported(version) || servesTls(version)) return [];
  return [
    `${instanceId} runs etcd ${version}, which cannot be run with TLS: upgrade to ${firstWithTls} or later first`,
  ];
}

export function migrationProblems(facts: UpgradeFacts): Problems {
  const { lasting, passing } = operationProblems(facts, 'reconfigured');
  return { lasting: [...lasting, ...facts.surveys.flatMap(unableToServe)], passing };
}

/**
 * What stands against any change of members that go on running.
 * @param changed what becomes of them, for the reasons
 */
export function operationProblems(facts: UpgradeFacts, changed: string): Problems {
  const { bootstrap, rotation, upgrade, surveys } = facts;
  const reports = reportsOf(surveys);
  const halted = upgrade !== null && upgrade.endedAt === undefined ? upgrade : null;
  return {
    lasting: [
      ...(bootstrap?.createdAt === undefined
        ? ['the cluster was never recorded as created: run ClusterBootstrap first']
        : []),
      ...lockProblems(facts),
      ...(halted !== null
        ? [`an upgrade that began at ${halted.beganAt} has not ended: resume or abandon it first`]
        : []),
      ...(rotation !== null && rotation.restoredAt === undefined
        ? [
            `a rotation that began at ${rotation.beganAt} has not given the group back: start RotateInstances again first`,
          ]
        : []),
      ...surveys.flatMap(clockProblems),
    ],
    passing: [
      ...groupProblems(facts, changed),
      ...authProblems(surveys, healthProblems(reports)),
      ...listProblems(reports, []),
      ...reachProblems(surveys),
    ],
  };
}

export function migrationPlan(
  { surveys }: Pick<UpgradeFacts, 'surveys'>,
  { to }: Pick<CheckedMigration, 'to'>,
  cluster: string,
): MigrationPlan {
  const from = servedBy(surveys);
  const first = nextStep(surveys, to);
  const transports = first === null ? [] : [first, ...wayOf(first, to)];
  const served = new Map(surveys.map(({ instanceId, survey }) => [instanceId, survey?.security.transport ?? 'plain']));
  const order = memberOrder({ surveys }).map(({ member, leads }) => ({
    member,
    leads,
    transport: served.get(member) ?? 'plain',
  }));
  return { cluster, from, to, transports, order, steps: transports.map((transport) => stepWords[transport]) };
}

const stepWords: Readonly<Record<Transport, string>> = {
  plain: 'Every member is restarted, one by one, to serve plain HTTP only.',
  both: 'Every member is restarted, one by one, to serve TLS beside plain HTTP; peers speak plain HTTP.',
  tls: 'Every member is restarted, one by one, to serve TLS only, to clients and peers: from then on whoever has no certificate of the cluster is refused.',
};

export interface MigrationBegun {
  readonly cluster: string;
  readonly execution: string;
  readonly token: number;
  /** ISO 8601 */
  readonly now: string;
  readonly from: Transport;
  readonly to: Transport;
}

/** The record of one that begins, or goes on with one that was halted. */
export function begunMigration(
  before: TransportRecord | null,
  { cluster, execution, token, now, from, to }: MigrationBegun,
): TransportRecord {
  // Members that differ have left what was settled; clients are told of that until all serve the next.
  const settled = before?.settled ?? from;
  const goesOn = before !== null && before.endedAt === undefined && before.moving === to;
  return { cluster, item: 'transport', token, execution, settled, moving: to, beganAt: goesOn ? before.beganAt : now };
}

/** @param abandoned its members stay as they are, and may differ */
export function endedMigration(record: TransportRecord, endedAt: string, abandoned: boolean): TransportRecord {
  const { moving, ...rest } = record;
  if (abandoned) return { ...record, endedAt };
  return { ...rest, settled: moving ?? record.settled, endedAt };
}
