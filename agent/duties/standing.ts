/** What an agent does all the time beside keeping its member: the duties, each in its own rhythm. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Aws } from '../machine/aws.ts';
import type { Instances } from '../machine/group.ts';
import type { Log } from '../machine/log.ts';
import { createRotationAccess } from '../machine/rotation.ts';
import type { Description, HousekeepingRound } from '../protocol.ts';
import { drainedAfterMs, reconcileDns } from './clusterDns.ts';
import { createDefragmentation } from './defragment.ts';
import type { Dns, DnsState } from './dns.ts';
import { createHousekeeping, type HousekeepingOptions } from './housekeeping.ts';
import { createLeadership } from './leadership.ts';
import { type LeaveOptions, leaveWhenTerminated } from './leave.ts';
import { createMetrics, keepPublishing, type MetricsOptions } from './metrics.ts';
import type { Observation } from './observe.ts';
import { type OwnPeerUrlOptions, peerUrlFits } from './ownPeerUrl.ts';
import { type PromoteOptions, promoteOwn } from './promote.ts';
import { resumeLeftovers } from './rotationLeftovers.ts';
import type { Transport } from './transport.ts';
import { restartTuned, type Tuning } from './tuning.ts';

export interface StandingOptions
  extends HousekeepingOptions,
    LeaveOptions,
    Omit<PromoteOptions, 'disk'>,
    OwnPeerUrlOptions,
    MetricsOptions {
  readonly log: Log;
  readonly aws: Aws;
  readonly tuning: Tuning;
  readonly transport: Pick<Transport, 'renew' | 'refresh' | 'isStale'>;
  readonly dns: Dns;
  readonly instancesIn: (region: string) => Instances;
  /** Of this member, at most half a second old. */
  readonly observe: () => Promise<Observation>;
}

export interface Standing {
  /** The last round of housekeeping; null where this agent has not been the leader's. */
  readonly round: HousekeepingRound | null;
  /** How the cluster's records in Route 53 stand; null where this agent is not the leader's. */
  readonly dns: Description['dns'];
}

const promoteEveryMs = 500;
const housekeepEveryMs = 5_000;
const applySettingsEveryMs = 5_000;
/** Of a life of a day at least. */
const renewEveryMs = 60_000;

/** Starts them all; they run until the process ends. */
export function startStandingDuties(options: StandingOptions): Standing {
  const { log, observe, aws, identity, record, tuning, transport, dns } = options;
  const housekeeping = createHousekeeping(options);
  const defragmentation = createDefragmentation(options);
  const leadership = createLeadership(options);
  const metrics = createMetrics(options);
  const rotation = createRotationAccess(aws, identity);
  let round: HousekeepingRound | null = null;
  let dnsState: DnsState | null = null;
  let leaving = false;
  let drained = false;
  let notPromoted: string | null = null;
  let notRestarted: string | null = null;

  async function dnsRests(): Promise<boolean> {
    const lock = await record.readLock();
    return lock?.holder !== undefined && lock.joins !== true;
  }

  /** A leader may wait long until it can leave. Clients have to learn of newcomers meanwhile; all else is its heir's. */
  async function followWhileLeaving(): Promise<void> {
    round = null;
    const { seen } = await options.look();
    if (seen === null || (await dnsRests())) return;
    dnsState = await reconcileDns(dns, seen, drained ? { leaving: identity.instanceId } : {});
  }

  void leaveWhenTerminated({
    ...options,
    async drain(seen) {
      if (await dnsRests()) return 0;
      drained = true;
      return drainedAfterMs(await reconcileDns(dns, seen, { leaving: identity.instanceId }), seen);
    },
    enter(phase, reason) {
      leaving = true;
      options.enter(phase, reason);
    },
  });
  repeat('promotion', promoteEveryMs, log, async () => {
    const reason = leaving ? null : await promoteOwn(options);
    if (reason !== null && reason !== notPromoted) log('not promoted yet', { reason });
    notPromoted = reason;
  });
  repeat('housekeeping', housekeepEveryMs, log, async () => {
    const { member } = await observe();
    metrics.saw(member?.leaderId ?? null);
    if (leaving && member?.isLeader) return followWhileLeaving();
    if (!member?.isLeader) {
      leadership.rest();
      round = null;
      dnsState = null;
      return;
    }
    const { homeRegion } = identity;
    await resumeLeftovers({ ...options, rotation, homeRegion, nowMs: aws.nowMs }).catch((error: Error) =>
      log('leftovers of a rotation not looked for', { error: error.message }, 'warn'),
    );
    const { round: done, seen } = await housekeeping.round();
    round = done;
    await leadership.round(seen);
    if (seen === null) return;
    dnsState = await reconcileDns(dns, seen);
    if (done.paused === null) await defragmentation.round(seen);
  });
  let urlFits = false;
  repeat('transport', applySettingsEveryMs, log, async () => {
    await transport.refresh();
    if (!urlFits && !leaving) urlFits = await peerUrlFits(options);
  });
  repeat('settings', applySettingsEveryMs, log, async () => {
    const reason = leaving ? null : await restartTuned(tuning, { ...options, isStale: transport.isStale });
    if (reason !== null && reason !== notRestarted) log('not restarted for new settings yet', { reason });
    notRestarted = reason;
  });
  repeat('certificates', renewEveryMs, log, () => transport.renew());
  keepPublishing(metrics, log);
  return {
    get round() {
      return round;
    },
    get dns() {
      return dnsState === null ? null : { verdict: dnsState.verdict, reason: dnsState.reason };
    },
  };
}

/** Again and again with a pause between; a failure is said and is no end. */
function repeat(duty: string, pauseMs: number, log: Log, work: () => Promise<void>): void {
  void (async () => {
    for (;;) {
      await sleep(pauseMs);
      await work().catch((error: Error) => log('duty failed', { duty, error: error.message }, 'warn'));
    }
  })();
}
