/** What the commands of an upgrade need of the agent. */
import { Fault } from '#etcd/faults.ts';
import { drainedAfterMs, reconcileDns } from '../duties/clusterDns.ts';
import type { Disk } from '../duties/disk.ts';
import type { Dns } from '../duties/dns.ts';
import type { Observation } from '../duties/observe.ts';
import type { Supervisor } from '../duties/supervise.ts';
import type { Look, Surroundings } from '../duties/surroundings.ts';
import type { Transport } from '../duties/transport.ts';
import type { Aws, ObjectFile } from '../machine/aws.ts';
import { createEtcdMembership, type EtcdMembership, type EtcdMembershipOptions } from '../machine/etcdMembership.ts';
import { etcdUptimeSeconds } from '../machine/etcdUptime.ts';
import type { Layout } from '../machine/layout.ts';
import type { Log } from '../machine/log.ts';
import type { MembershipTurns } from '../machine/membershipTurns.ts';
import type { Identity } from '../machine/metadata.ts';
import type { ClusterRecord } from '../machine/record.ts';
import type { Description } from '../protocol.ts';

export interface UpgradeContext {
  readonly identity: Identity;
  readonly layout: Layout;
  readonly disk: Pick<
    Disk,
    'member' | 'keepMember' | 'previousMember' | 'keepPreviousMember' | 'failedSwap' | 'noteFailedSwap'
  >;
  readonly supervisor: Supervisor;
  readonly record: Pick<ClusterRecord, 'audit' | 'readLock' | 'readBootstrap'>;
  readonly turns: MembershipTurns;
  readonly log: Log;
  readonly look: () => Promise<Look>;
  /** Of this member, right now. */
  readonly observe: () => Promise<Observation>;
  readonly describe: () => Promise<Description>;
  /** Installs a release unless it is there. @returns path of the binary @throws Fault `ReleaseUnavailable` */
  readonly install: (version: string) => Promise<string>;
  /** Takes this member out of what clients are told. @returns milliseconds until they have stopped coming */
  readonly rest: (seen: Surroundings) => Promise<number>;
  /** Sends clients to it again. */
  readonly unrest: (seen: Surroundings) => Promise<void>;
  /** Changes through a member. */
  readonly membership: (options: EtcdMembershipOptions) => EtcdMembership;
  readonly transport: Pick<
    Transport,
    'files' | 'obtain' | 'read' | 'startedWith' | 'onDisk' | 'state' | 'isShown' | 'present'
  >;
  /** Seconds that the etcd at an address has been running; null where it does not say. */
  readonly uptimeSeconds: (address: string) => Promise<number | null>;
  /** Puts a file into the cluster's bucket. @throws Error as Aws.putObject */
  readonly upload: (
    key: string,
    file: ObjectFile,
    metadata: Readonly<Record<string, string>>,
    timeoutMs: number,
  ) => Promise<void>;
  /** When the command was received, in milliseconds of the monotonic clock. */
  readonly receivedAtMs: number;
  /** Of the operation that sent it. */
  readonly fencingToken: number;
  /** Whether a command with a newer fencing token has come since. */
  readonly isSuperseded: () => boolean;
}

/**
 * Asked before each change: an operation that has lost the lock, or given it back, must not go on here.
 * @throws Fault `StaleToken`; Error where the record cannot be read, so that nobody knows
 */
export async function requireLock({ record, isSuperseded, fencingToken, identity }: UpgradeContext): Promise<void> {
  const lock = await record.readLock();
  if (!isSuperseded() && lock?.holder !== undefined && lock.token === fencingToken) return;
  throw new Fault(
    'StaleToken',
    `${identity.instanceId} does not go on for the operation with token ${fencingToken}: the lock has the token ${lock?.token ?? 0} and is held by ${lock?.holder ?? 'nobody'}`,
  );
}

/** How an upgrade reaches DNS and the other members. */
export function upgradeAccess(
  { instanceId, bucket }: Identity,
  dns: Dns,
  aws: Aws,
): Pick<UpgradeContext, 'rest' | 'unrest' | 'membership' | 'uptimeSeconds' | 'upload'> {
  return {
    upload: (key, file, metadata, timeoutMs) => aws.putObject(bucket, key, file, metadata, timeoutMs),
    rest: async (seen) => drainedAfterMs(await reconcileDns(dns, seen, { resting: instanceId }), seen),
    async unrest(seen) {
      await reconcileDns(dns, seen);
    },
    membership: createEtcdMembership,
    uptimeSeconds: (other) => etcdUptimeSeconds(other, uptimeTimeoutMs),
  };
}

const uptimeTimeoutMs = 2_000;
