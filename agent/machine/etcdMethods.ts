/** etcd's v3 methods that an agent calls: by the path that its JSON gateway has for each (etcd: api/etcdserverpb/rpc.proto). */
import type { Field, Message } from './protobuf.ts';

export interface EtcdMethod {
  /** `/PACKAGE.SERVICE/METHOD` */
  readonly name: string;
  readonly request: Message;
  readonly response: Message;
}

const integer = (number: number): Field => ({ number, kind: 'integer' });
const bool = (number: number): Field => ({ number, kind: 'bool' });
const text = (number: number): Field => ({ number, kind: 'string' });
const octets = (number: number): Field => ({ number, kind: 'bytes' });
const one = (number: number, of: Message): Field => ({ number, kind: 'message', of });
const many = (number: number, of: Message): Field => ({ ...one(number, of), repeated: true });
const texts = (number: number): Field => ({ ...text(number), repeated: true });

const header = one(1, { cluster_id: integer(1), member_id: integer(2), revision: integer(3), raft_term: integer(4) });
const member = { ID: integer(1), name: text(2), peerURLs: texts(3), clientURLs: texts(4), isLearner: bool(5) };
const memberList = { header, members: many(2, member) };
const actions: Field = { number: 1, kind: 'enum', names: ['GET', 'ACTIVATE', 'DEACTIVATE'] };
const alarms: Field = { number: 2, kind: 'enum', names: ['NONE', 'NOSPACE', 'CORRUPT'] };

const status = {
  header,
  version: text(2),
  dbSize: integer(3),
  leader: integer(4),
  raftIndex: integer(5),
  raftTerm: integer(6),
  dbSizeInUse: integer(9),
  isLearner: bool(10),
  dbSizeQuota: integer(12),
};

function method(name: string, request: Message, response: Message): EtcdMethod {
  return { name: `/etcdserverpb.${name}`, request, response };
}

const table: Readonly<Record<string, EtcdMethod>> = {
  '/kv/range': method('KV/Range', { key: octets(1) }, { header, kvs: many(2, { key: octets(1), value: octets(5) }) }),
  '/kv/put': method('KV/Put', { key: octets(1), value: octets(2) }, { header }),
  '/cluster/member/list': method('Cluster/MemberList', { linearizable: bool(1) }, memberList),
  '/cluster/member/add': method(
    'Cluster/MemberAdd',
    { peerURLs: texts(1), isLearner: bool(2) },
    { header, member: one(2, member) },
  ),
  '/cluster/member/remove': method('Cluster/MemberRemove', { ID: integer(1) }, memberList),
  '/cluster/member/promote': method('Cluster/MemberPromote', { ID: integer(1) }, memberList),
  '/maintenance/status': method('Maintenance/Status', {}, status),
  '/maintenance/alarm': method(
    'Maintenance/Alarm',
    { action: actions },
    { header, alarms: many(2, { memberID: integer(1), alarm: alarms }) },
  ),
  '/maintenance/defragment': method('Maintenance/Defragment', {}, { header }),
  '/maintenance/transfer-leadership': method('Maintenance/MoveLeader', { targetID: integer(1) }, { header }),
  '/maintenance/snapshot': method('Maintenance/Snapshot', {}, { header, blob: octets(3) }),
};

/** @param path without the gateway's prefix @throws RangeError where it is none of them */
export function methodAt(path: string): EtcdMethod {
  const found = table[path];
  if (found === undefined) throw new RangeError(`no method of etcd is at ${path}`);
  return found;
}
