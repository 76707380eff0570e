/** What this member is right now, asked of etcd itself. */
import type { HealthExpectation, MemberObservation } from '#etcd/health.ts';
import { healthVerdict } from '#etcd/health.ts';
import { quotaBytesOf } from '#etcd/metrics.ts';
import { factsOf } from '#etcd/minors.ts';
import { isSupported } from '#etcd/versions.ts';
import { createEtcdClient, etcdVersionAt, type MemberList } from '../machine/etcdClient.ts';
import { shakeHands } from '../machine/etcdHttp.ts';
import type { Identity } from '../machine/metadata.ts';
import { argumentsOf } from '../machine/processes.ts';
import type { Description } from '../protocol.ts';
import type { Supervisor } from './supervise.ts';

export interface Observation {
  /** The process that was looked at; an observation of another one says nothing about the one that runs now. */
  readonly pid: number | null;
  readonly seen: MemberObservation;
  readonly member: Description['member'];
  readonly database: Description['database'];
}

/** Whether what was seen is healthy, by what is expected of it. */
export function judge({ seen }: Observation, expected: HealthExpectation): Description['health'] {
  return healthVerdict(seen, expected);
}

/** Milliseconds for each call to etcd. */
const callTimeoutMs = 1_500;

export async function observe(identity: Identity, supervisor: Supervisor): Promise<Observation> {
  const { version, pid, crashLooping } = supervisor;
  const nothing: MemberObservation = {
    name: identity.instanceId,
    processRunning: pid !== null,
    crashLooping,
    serverVersion: null,
    clusterVersion: null,
    leaderId: null,
    learner: false,
    readAndWrite: { ok: false, error: 'etcd does not run' },
    members: null,
    alarms: [],
    offersHttp2: null,
  };
  if (pid === null || version === null || !isSupported(version))
    return { pid, seen: nothing, member: null, database: null };
  const { address } = identity;
  const versions = await orNull(etcdVersionAt(address, callTimeoutMs));
  const clusterVersion = versions?.cluster ?? null;
  const client = createEtcdClient({ address, version, clusterVersion, timeoutMs: callTimeoutMs });
  const [list, standing, database, offersHttp2, readAndWrite] = await Promise.all([
    orNull(client.members()),
    orNull(client.standing()),
    orNull(client.database(quotaBytesOf(argumentsOf(pid)))),
    factsOf(version).tls.v3Api === 'overHttp2Offered' ? orNull(http2At(address)) : null,
    client.writeAndRead(identity.instanceId).then(
      () => ({ ok: true }) as const,
      (error: Error) => ({ ok: false, error: error.message }) as const,
    ),
  ]);
  const leaderId = standing?.leaderId ?? null;
  const own = list?.members.find(({ name }) => name === identity.instanceId);
  const alarms = own === undefined ? [] : ((await orNull(client.alarms(own.id))) ?? []);
  return {
    pid,
    seen: {
      ...nothing,
      serverVersion: versions?.server ?? null,
      clusterVersion,
      leaderId,
      learner: standing?.isLearner ?? own?.isLearner ?? false,
      readAndWrite,
      members: list?.members.map(({ name }) => name) ?? null,
      alarms,
      offersHttp2,
    },
    member: list === null ? null : memberOf(list, own?.id ?? null, leaderId, clusterVersion),
    database,
  };
}

async function http2At(address: string): Promise<boolean | null> {
  return (await shakeHands(address, callTimeoutMs))?.offersHttp2 ?? null;
}

function memberOf(
  list: MemberList,
  id: string | null,
  leaderId: string | null,
  clusterVersion: string | null,
): Description['member'] {
  return {
    id,
    clusterId: list.clusterId,
    clusterVersion,
    isLeader: id !== null && id === leaderId,
    leaderId,
    members: list.members.map((member) => ({ id: member.id, name: member.name, isLearner: member.isLearner })),
  };
}

async function orNull<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch {
    return null;
  }
}
