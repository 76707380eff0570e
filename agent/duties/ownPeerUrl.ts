/**
 * The peer URL that the others have of this member, looked at once after the agent's start: one that ended while it took its
 * member to another transport may have changed the URL and not yet the member, which then nobody reaches.
 */
import { isAt } from '#etcd/addresses.ts';
import { peerUrlOf } from '#etcd/arguments.ts';
import type { Log } from '../machine/log.ts';
import type { MembershipTurns } from '../machine/membershipTurns.ts';
import type { Identity } from '../machine/metadata.ts';
import type { ClusterRecord } from '../machine/record.ts';
import type { Disk } from './disk.ts';
import { type EtcdAccess, etcdOverHttp } from './etcdAccess.ts';
import { lockHeld } from './housekeeping.ts';
import type { Look } from './surroundings.ts';

export interface OwnPeerUrlOptions {
  readonly identity: Identity;
  readonly disk: Disk;
  readonly record: ClusterRecord;
  readonly turns: MembershipTurns;
  readonly look: () => Promise<Look>;
  readonly log: Log;
  readonly etcd?: EtcdAccess;
}

const changeTimeoutMs = 7_000;

/** @returns whether it is as this member listens; an operation that is under way sees to it itself */
export async function peerUrlFits(options: OwnPeerUrlOptions): Promise<boolean> {
  const { identity, disk, record, turns, look, log, etcd = etcdOverHttp } = options;
  const spec = disk.member();
  const { seen } = await look();
  const own = seen?.members.find(({ peerUrls }) => isAt(peerUrls, identity.address));
  if (spec === null || seen === null || own === undefined) return false;
  const peer = peerUrlOf(spec);
  if (own.peerUrls.includes(peer)) return true;
  const through = seen.peers.find(({ healthy }) => healthy);
  if (through === undefined || (await lockHeld(record)) !== null) return false;
  const taken = await turns.take('peer URL', async (turn) => {
    turn.check();
    await etcd.membership({ ...through, timeoutMs: changeTimeoutMs }).update(own.id, peer);
    return { changed: false, result: true };
  });
  if (taken.busy !== null) return false;
  log('peer URL put back', { from: own.peerUrls, to: peer }, 'warn');
  await record.audit({ what: `peer URL of ${identity.instanceId} put back`, why: 'it listens there', after: peer });
  return true;
}
