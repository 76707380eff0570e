/** Keeps the leader in the region that holds the quorum: the leader's own agent moves it back there once it has been away for a while. */
import { isAt } from '#etcd/addresses.ts';
import { leadershipDecision } from '#etcd/leadership.ts';
import { type Clock, systemClock } from '../machine/clock.ts';
import type { Log } from '../machine/log.ts';
import type { Identity } from '../machine/metadata.ts';
import type { ClusterRecord } from '../machine/record.ts';
import { type EtcdAccess, etcdOverHttp } from './etcdAccess.ts';
import type { Look, Surroundings } from './surroundings.ts';

export interface LeadershipOptions {
  readonly identity: Pick<Identity, 'address'>;
  readonly record: Pick<ClusterRecord, 'audit'>;
  readonly look: () => Promise<Look>;
  readonly log: Log;
  readonly etcd?: EtcdAccess;
  readonly clock?: Clock;
}

export interface Leadership {
  /**
   * For the agent of the leader. Also while an operation holds the lock: no member is changed by it.
   * @param known what another duty has just seen; null: this one looks by itself where the cluster is in two regions
   */
  round(known: Surroundings | null): Promise<void>;
  /** Of an agent whose member does not lead (any more). */
  rest(): void;
}

const moveTimeoutMs = 7_000;

export function createLeadership(options: LeadershipOptions): Leadership {
  const { identity, record, look, log, etcd = etcdOverHttp, clock = systemClock } = options;
  let inRegions = 1;
  let awaySinceMs: number | null = null;
  let movedAtMs = Number.NEGATIVE_INFINITY;
  let said = '';

  return {
    rest() {
      awaySinceMs = null;
    },
    async round(known) {
      const seen = known ?? (inRegions > 1 ? (await look()).seen : null);
      inRegions = seen?.regions.length ?? inRegions;
      if (seen === null || inRegions < 2) return;
      const own = seen.members.find(({ peerUrls }) => isAt(peerUrls, identity.address));
      if (own === undefined || own.id !== seen.leaderId) return;
      const version = seen.peers.find(({ address }) => address === identity.address)?.version ?? seen.version;
      const now = clock.monotonicMs();
      const facts = { ownId: own.id, members: seen.members, version };
      const decision = leadershipDecision({
        ...facts,
        awayForMs: awaySinceMs === null ? 0 : now - awaySinceMs,
        sinceMoveMs: now - movedAtMs,
      });
      if (decision.reason !== said) log('leadership', { action: decision.action, reason: decision.reason });
      said = decision.reason;
      if (decision.action === 'stay') {
        awaySinceMs = decision.away ? (awaySinceMs ?? now) : null;
        return;
      }
      const [heir] = decision.to;
      if (heir === undefined) return;
      movedAtMs = now;
      awaySinceMs = null;
      await etcd.membership({ address: identity.address, version, timeoutMs: moveTimeoutMs }).moveLeader(heir.id);
      log('leadership moved', { to: heir.name, reason: decision.reason });
      await record.audit({ what: `leadership moved to ${heir.name}`, why: decision.reason });
    },
  };
}
