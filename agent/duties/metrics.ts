/** Says once a minute how this member is, and the leader's agent how the cluster is: in the log, and in CloudWatch. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ClusterMetric,
  clusterValues,
  type MemberMetric,
  memberValues,
  metricRecord,
  untilNextRecordMs,
  type Values,
} from '#etcd/metrics.ts';
import { wantedAtLeast } from '#etcd/regions.ts';
import type { Aws } from '../machine/aws.ts';
import { createEtcdClient } from '../machine/etcdClient.ts';
import { readJson, writeDurably } from '../machine/files.ts';
import type { Layout } from '../machine/layout.ts';
import type { Log } from '../machine/log.ts';
import { putLogEvents } from '../machine/logEvents.ts';
import type { Identity } from '../machine/metadata.ts';
import type { ClusterRecord } from '../machine/record.ts';
import type { Description } from '../protocol.ts';
import type { Look } from './surroundings.ts';

export interface MetricsOptions {
  readonly identity: Identity;
  readonly layout: Layout;
  readonly aws: Aws;
  readonly record: ClusterRecord;
  readonly look: () => Promise<Look>;
  readonly log: Log;
  /** What this member is now. */
  readonly describe: () => Promise<Description>;
}

export interface Metrics {
  /** The leader that was just seen, if any: changes are counted between two records. */
  saw(leaderId: string | null): void;
  /** One record, or the member's and the cluster's. @throws Error where CloudWatch did not take it; the log has it all the same */
  publish(): Promise<void>;
}

/** Soon after the agent's start, so that a restart is seen at once. */
const firstAfterMs = 5_000;
const callTimeoutMs = 1_500;

/** Publishes again and again until the process ends. */
export function keepPublishing(metrics: Metrics, log: Log): void {
  void (async () => {
    for (let pauseMs = firstAfterMs; ; pauseMs = untilNextRecordMs(Date.now())) {
      await sleep(pauseMs);
      await metrics
        .publish()
        .catch((error: Error) => log('metrics not in CloudWatch', { reason: error.message }, 'warn'));
    }
  })();
}

export function createMetrics(options: MetricsOptions): Metrics {
  const { identity, layout, aws, record, look, log, describe } = options;
  const starts = countStart(join(layout.state, 'starts.json'), log);
  let leader: string | null = null;
  let leaderChanges = 0;

  function saw(leaderId: string | null): void {
    if (leaderId === null) return;
    if (leader !== null && leaderId !== leader) leaderChanges++;
    leader = leaderId;
  }

  /** Counts are told once, whatever becomes of the record. */
  function ofMember({ phase, etcd, member, health, database, tls }: Description): Values<MemberMetric> {
    saw(member?.leaderId ?? null);
    const values = memberValues({
      healthy: health.verdict === 'healthy',
      phase,
      isLeader: member?.isLeader ?? false,
      leaderId: member?.leaderId ?? null,
      database,
      leaderChanges,
      agentRestarts: starts.restarts(),
      etcdCrashes: starts.crashes(etcd.crashes),
      certificateSecondsLeft: tls == null ? null : Math.round((Date.parse(tls.endsAt) - aws.nowMs()) / 1000),
    });
    leaderChanges = 0;
    starts.told(etcd.crashes);
    return values;
  }

  async function ofCluster({ housekeeping, dns, etcd, member }: Description): Promise<Values<ClusterMetric> | null> {
    const { seen } = await look();
    if (seen === null || member === null) return null;
    const [alarms, lock] = await Promise.all([
      allAlarms(identity.address, etcd.version ?? seen.version),
      record.readLock().then(
        (item) => item ?? ('never taken' as const),
        () => null,
      ),
    ]);
    return clusterValues({
      members: seen.members,
      wanted: wantedAtLeast(seen.regions, seen.members),
      versions: seen.peers.map(({ version }) => version),
      findings: housekeeping?.paused === null ? housekeeping.findings : null,
      alarms,
      dns: dns?.verdict ?? null,
      lock,
      nowMs: aws.nowMs(),
    });
  }

  return {
    saw,
    async publish() {
      const described = await describe();
      if (described.phase === 'left') return;
      const atMs = aws.nowMs();
      const { cluster, instanceId } = identity;
      const records = [metricRecord(ofMember(described), { cluster, member: instanceId, atMs })];
      const values = described.member?.isLeader ? await ofCluster(described) : null;
      if (values !== null) records.push(metricRecord(values, { cluster, member: null, atMs }));
      for (const one of records) log('metrics', one);
      const logGroup = (await record.readSettings())?.logGroupName;
      if (logGroup === undefined) return;
      const events = records.map((one) => ({ atMs, message: JSON.stringify(one) }));
      await putLogEvents(aws, logGroup, instanceId, events);
    },
  };
}

async function allAlarms(address: string, version: string): Promise<readonly string[] | null> {
  try {
    return await createEtcdClient({ address, version, timeoutMs: callTimeoutMs }).clusterAlarms();
  } catch {
    return null;
  }
}

interface Starts {
  /** Of this agent after its first start, not told yet. */
  readonly starts: number;
  readonly startsTold: number;
  readonly crashesTold: number;
}

/** Kept on disk: an agent that ends before it could tell is told of by the next one. */
function countStart(file: string, log: Log) {
  const before = readJson<Starts>(file);
  let kept: Starts = before ? { ...before, starts: before.starts + 1 } : { starts: 1, startsTold: 1, crashesTold: 0 };
  function keep(): void {
    try {
      writeDurably(file, JSON.stringify(kept));
    } catch (error) {
      log('starts not written', { error: (error as Error).message }, 'error');
    }
  }
  keep();
  return {
    restarts: () => kept.starts - kept.startsTold,
    crashes: (all: number) => Math.max(0, all - kept.crashesTold),
    told(crashes: number): void {
      if (kept.startsTold === kept.starts && kept.crashesTold === crashes) return;
      kept = { ...kept, startsTold: kept.starts, crashesTold: crashes };
      keep();
    },
  };
}
