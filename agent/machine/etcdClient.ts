/**
 * etcd's client API as every minor has it: `/v2` up to 2.3, the JSON gateway under `/v3alpha`, `/v3beta` or `/v3` after
 * that. Each call has a deadline. Ids are lower-case hex without leading zeros, as etcdctl prints them.
 */
import { commonNames } from '#etcd/certificates.ts';
import { type DatabaseSize, quotaBytesOf } from '#etcd/metrics.ts';
import { dataApiOf } from '#etcd/minors.ts';
import { compareVersions, parseVersionAnswer, type VersionAnswer } from '#etcd/versions.ts';
import { authRefusal, callEtcd, callGateway } from './etcdCall.ts';
import { etcdUrl, exchangeWithEtcd } from './etcdHttp.ts';
import type { HttpAnswer } from './http.ts';

export interface ListedMember {
  readonly id: string;
  /** Empty while the member has not started. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly isLearner: boolean;
}

export interface MemberList {
  readonly clusterId: string;
  readonly members: readonly ListedMember[];
}

export interface EtcdClient {
  version(): Promise<VersionAnswer>;
  /** The member's own list. */
  members(): Promise<MemberList>;
  /** What this member says of itself. */
  standing(): Promise<MemberStanding>;
  /** Alarms raised for a member; none before 3.0. */
  alarms(memberId: string): Promise<readonly string[]>;
  /** Alarms raised for any member. */
  clusterAlarms(): Promise<readonly string[]>;
  /**
   * Of the v3 backend of this member; null before 3.0, which has none.
   * @param quotaBytes what it was started with (etcd's default): only 3.6 and later tell it
   */
  database(quotaBytes?: number): Promise<DatabaseSize | null>;
  /** Gives the free pages of this member's database back; it serves nothing meanwhile; 3.0 on. */
  defragment(): Promise<void>;
  /** Reads a key through the quorum; whether it is there does not matter. @throws Error with etcd's own words */
  linearizableRead(): Promise<void>;
  /**
   * Writes a key and reads it back linearizably: a member that answers this has applied all that was committed before.
   * @throws Error with etcd's own words
   */
  writeAndRead(member: string): Promise<void>;
  /** Index of the last entry of the raft log that this member knows to be committed or has appended. */
  raftIndex(): Promise<number>;
  /** Of the v3 store; null before 3.0, which has none. */
  revision(): Promise<number | null>;
  /** Whether auth is on, so that nobody without a user reads or writes. */
  authEnabled(): Promise<boolean>;
  /**
   * Keys and folders at the top of the v2 store; null where this member does not serve the v2 API. Hidden ones, whose names
   * begin with an underscore, are listed by nobody.
   */
  v2Keys(): Promise<readonly string[] | null>;
  /** With all below it; one that is not there is no error. */
  deleteV2Key(key: string): Promise<void>;
  /** Deletes what the health checks of 2.x members have left in the v2 store; up to 3.3. */
  forgetV2Health(): Promise<void>;
}

export interface MemberStanding {
  /** Id of the leader that this member follows; null where it has none. */
  readonly leaderId: string | null;
  /** A learner answers this, but neither reads nor lists. */
  readonly isLearner: boolean;
}

export interface EtcdClientOptions {
  readonly address: string;
  /** X.Y.Z of the etcd that listens there: it decides the API. */
  readonly version: string;
  /** As the member says it: a 3.0 among 2.3 members still serves the v2 API alone. Absent or null: that of its version. */
  readonly clusterVersion?: string | null;
  /** Milliseconds for each call. */
  readonly timeoutMs: number;
}

export function createEtcdClient({ address, version, clusterVersion, timeoutMs }: EtcdClientOptions): EtcdClient {
  const dataApi = dataApiOf(version, clusterVersion ?? null);
  // Up to 3.3 the v2 API answers these locally, also while the gateway says 503 (3.0 before its cluster version is 3.0).
  const older = compareVersions(version, '3.4.0') < 0;

  const get = (path: string) => exchangeWithEtcd({ address, method: 'GET', path, timeoutMs });
  async function post(path: string, body: object): Promise<Record<string, unknown>> {
    return success(await callEtcd({ address, version, path, body, timeoutMs }), path);
  }

  async function raised(): Promise<readonly { readonly member: string; readonly alarm: string }[]> {
    if (dataApi === 'v2') return [];
    const { alarms = [] } = (await post('/maintenance/alarm', { action: 'GET' })) as {
      alarms?: { memberID?: string; alarm?: string }[];
    };
    return alarms.map(({ memberID, alarm = 'UNKNOWN' }) => ({ member: hex(memberID), alarm }));
  }

  return {
    version: () => etcdVersionAt(address, timeoutMs),
    members: async () =>
      older ? membersOfV2(await get('/v2/members')) : membersOfV3(await post('/cluster/member/list', {})),
    async standing() {
      if (!older) {
        const { leader, isLearner = false } = await post('/maintenance/status', {});
        return { leaderId: nonZero(hex(leader)), isLearner: isLearner === true };
      }
      const stats = success(await get('/v2/stats/self'), '/v2/stats/self') as { leaderInfo?: { leader?: string } };
      return { leaderId: nonZero(trimmed(stats.leaderInfo?.leader ?? '')), isLearner: false };
    },
    alarms: async (memberId) => (await raised()).filter(({ member }) => member === memberId).map(({ alarm }) => alarm),
    clusterAlarms: async () => (await raised()).map(({ alarm }) => alarm),
    async database(quotaBytes = quotaBytesOf([])) {
      if (dataApi === 'v2') return null;
      const { dbSize, dbSizeInUse, dbSizeQuota } = await post('/maintenance/status', {});
      if (dbSize === undefined) return null;
      const inUseBytes = dbSizeInUse === undefined ? null : Number(dbSizeInUse);
      return { bytes: Number(dbSize), inUseBytes, quotaBytes: Number(dbSizeQuota ?? quotaBytes) };
    },
    async defragment() {
      await post('/maintenance/defragment', {});
    },
    async linearizableRead() {
      if (dataApi === 'v3') {
        await post('/kv/range', { key: Buffer.from(healthPrefix).toString('base64') });
        return;
      }
      const answer = await get(`/v2/keys${v2Folder}?quorum=true`);
      if (answer.status !== 404) success(answer, 'read');
    },
    async writeAndRead(member) {
      const value = new Date().toISOString();
      const read =
        dataApi === 'v2' ? await throughV2(address, member, value, timeoutMs) : await throughV3(post, member, value);
      if (read === null) throw new Error('what was written is not there');
    },
    async raftIndex() {
      if (dataApi === 'v3') return Number((await post('/maintenance/status', {})).raftIndex ?? 0);
      // Of the root, which is always there: what is not there is answered without an index.
      const { headers } = await exchangeWithEtcd({ address, method: 'HEAD', path: '/v2/keys/', timeoutMs });
      return Number(headers['x-raft-index'] ?? 0);
    },
    async revision() {
      if (dataApi === 'v2') return null;
      const { header } = (await post('/maintenance/status', {})) as { header?: { revision?: string } };
      return Number(header?.revision ?? 0);
    },
    async authEnabled() {
      if (dataApi === 'v2') {
        const { status, body } = await get('/v2/auth/enable');
        // 2.0 has no auth.
        return status === 200 && (JSON.parse(body) as { enabled?: boolean }).enabled === true;
      }
      const body = { key: Buffer.from(healthPrefix).toString('base64') };
      const answer = await callGateway({ address, version, path: '/kv/range', body, timeoutMs });
      if (answer.status >= 400 && authRefusal.test(answer.body)) return true;
      success(answer, '/kv/range');
      return false;
    },
    async v2Keys() {
      const answer = await get('/v2/keys/');
      // From 3.4 on only where it was turned on, from 3.6 on never: then there is no such page.
      if (answer.status === 404) return null;
      const { node } = success(answer, '/v2/keys/') as { node?: { nodes?: { key: string }[] } };
      return (node?.nodes ?? []).map(({ key }) => key);
    },
    async deleteV2Key(key) {
      const path = `/v2/keys${key.split('/').map(encodeURIComponent).join('/')}?recursive=true`;
      const answer = await exchangeWithEtcd({ address, method: 'DELETE', path, timeoutMs });
      if (answer.status !== 404) success(answer, 'delete');
    },
    async forgetV2Health() {
      if (!older) return;
      const path = `/v2/keys${v2Folder.slice(0, v2Folder.lastIndexOf('/'))}?recursive=true`;
      const answer = await exchangeWithEtcd({ address, method: 'DELETE', path, timeoutMs });
      if (answer.status !== 404) success(answer, 'delete');
    },
  };
}

const healthPrefix = 'etcd-appliance/health/';
/** Keys that begin with an underscore are hidden from listings. */
const v2Folder = '/_etcd-appliance/health';

/** What the etcd at this address says of its version. @throws Error where none answers */
export async function etcdVersionAt(address: string, timeoutMs: number): Promise<VersionAnswer> {
  const answer = await exchangeWithEtcd({ address, method: 'GET', path: '/version', timeoutMs });
  const parsed = parseVersionAnswer(answer.body);
  if (parsed === null)
    throw new Error(`${etcdUrl(address, '/version')} answered ${answer.status} ${answer.body.slice(0, 200)}`);
  return parsed;
}

async function throughV2(address: string, member: string, value: string, timeoutMs: number): Promise<string | null> {
  const path = `/v2/keys${v2Folder}/${member}`;
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  success(
    await exchangeWithEtcd({
      address,
      method: 'PUT',
      path,
      headers,
      body: `value=${encodeURIComponent(value)}`,
      timeoutMs,
    }),
    'write',
  );
  const answer = success(
    await exchangeWithEtcd({ address, method: 'GET', path: `${path}?quorum=true`, timeoutMs }),
    'read',
  ) as {
    node?: { value?: string };
  };
  return answer.node?.value ?? null;
}

type Post = (path: string, body: object) => Promise<Record<string, unknown>>;

async function throughV3(post: Post, member: string, value: string): Promise<string | null> {
  const key = Buffer.from(`${healthPrefix}${member}`).toString('base64');
  await post('/kv/put', { key, value: Buffer.from(value).toString('base64') });
  // Ranges are linearizable unless they ask for less.
  const { kvs = [] } = (await post('/kv/range', { key })) as { kvs?: { value?: string }[] };
  return kvs[0]?.value ?? null;
}

function membersOfV2(answer: HttpAnswer): MemberList {
  type V2Member = { id: string; name?: string; peerURLs?: string[] };
  const { members = [] } = success(answer, '/v2/members') as { members?: V2Member[] };
  return {
    clusterId: trimmed(String(answer.headers['x-etcd-cluster-id'] ?? '')),
    members: members.map(({ id, name = '', peerURLs = [] }) => ({
      id: trimmed(id),
      name,
      peerUrls: peerURLs,
      isLearner: false,
    })),
  };
}

function membersOfV3(answer: Record<string, unknown>): MemberList {
  type V3Member = { ID?: string; name?: string; peerURLs?: string[]; isLearner?: boolean };
  const { header, members = [] } = answer as { header?: { cluster_id?: string }; members?: V3Member[] };
  return {
    clusterId: hex(header?.cluster_id),
    members: members.map(({ ID, name = '', peerURLs = [], isLearner = false }) => ({
      id: hex(ID),
      name,
      peerUrls: peerURLs,
      isLearner,
    })),
  };
}

function success({ status, body }: HttpAnswer, what: string): Record<string, unknown> {
  let answer: Record<string, unknown>;
  try {
    answer = JSON.parse(body) as Record<string, unknown>;
  } catch {
    throw new Error(`${what}: ${status} ${body.slice(0, 200).trim()}`);
  }
  if (status >= 200 && status < 300) return answer;
  const said = String(answer.message ?? answer.error ?? body.slice(0, 200));
  throw new Error(`${what}: ${status} ${said}${authRefusal.test(said) ? authHint : ''}`);
}

const authHint = ` (auth is on, and what the agents need is a cluster that speaks TLS and a user ${commonNames.client} with the role root: docs/security.md, "Users of etcd")`;

/** The gateway's 64-bit ids are decimal strings. */
function hex(id: unknown): string {
  return id === undefined || id === null ? '' : BigInt(String(id)).toString(16);
}

function trimmed(id: string): string {
  return id.replace(/^0+(?=.)/, '');
}

function nonZero(id: string): string | null {
  return id === '' || id === '0' ? null : id;
}
