/** The cluster record in DynamoDB: consistent reads, conditional writes. */
import type { BootstrapRecord, ClusterSettings, LockRecord, MembershipTurn, StartedRecord } from '#etcd/record.ts';
import type { ClusterRecord } from '../../agent/machine/record.ts';
import { call } from './weather.ts';
import type { Life, World } from './world.ts';

export interface RecordStore {
  bootstrap: BootstrapRecord | null;
  lock: LockRecord | null;
  turn: MembershipTurn | null;
  readonly settings: ClusterSettings;
  readonly started: Map<string, StartedRecord>;
  readonly audit: object[];
  /** Tokens of the turns that the trail tells something of. */
  readonly told: Set<number>;
}

export const cluster = 'simulated';

export function createRecordStore(members: number): RecordStore {
  return {
    bootstrap: null,
    lock: null,
    turn: null,
    settings: {
      cluster,
      item: 'settings',
      groupName: 'members',
      members,
      hostedZone: { id: 'Z1', name: 'example.internal' },
      etcd: { quotaBackendBytes: 2 ** 31, compactionHours: 0 },
      defragmentation: { abovePercent: 50, fromMiB: 100 },
      recordTtlSeconds: 60,
      writtenAt: '',
    } as ClusterSettings,
    started: new Map(),
    audit: [],
    told: new Set(),
  };
}

/** As one agent reaches it. */
export function recordFor(world: World, life: Life): ClusterRecord {
  const { store, watch } = world;
  const inDynamo = <T>(work: () => T) => call(world, life, 'dynamodb', work);
  const record: Partial<ClusterRecord> = {
    readBootstrap: () => inDynamo(() => store.bootstrap),
    readStarted: (member) => inDynamo(() => store.started.get(member) ?? null),
    readSettings: () => inDynamo(() => store.settings),
    readLock: () => inDynamo(() => store.lock),
    readTurn: () => inDynamo(() => store.turn),
    claimStart: (member, claim, zone) =>
      inDynamo(() => {
        const there = store.started.get(member);
        if (there === undefined)
          store.started.set(member, { cluster, item: `started#${member}`, claim, zone, claimedAt: '' });
        return there === undefined || there.claim === claim;
      }),
    replaceTurn: (before, after) =>
      inDynamo(() => {
        const { turn } = store;
        const same = before === null ? turn === null : turn?.token === before.token && turn.holder === before.holder;
        if (!same) return false;
        if (after.holder !== undefined) life.token = after.token;
        store.turn = { cluster, item: 'membership', ...after };
        watch.say('RECORD', `turn of ${after.holder ?? 'nobody'}`, {
          by: life.instanceId,
          purpose: after.purpose,
          token: after.token,
        });
        return true;
      }),
    audit: (entry) =>
      inDynamo(() => {
        store.audit.push(entry);
        const { token = life.token } = (entry.before ?? {}) as { token?: number };
        store.told.add(token);
      }),
  };
  return record as ClusterRecord;
}
