/** The disks of one instance: what a wipe takes depends on which of them it is. */

import type { MemberSpec } from '#etcd/arguments.ts';
import type { Disk, Registration } from '../../agent/duties/disk.ts';
import type { EtcdNode } from './etcdNode.ts';
import type { World } from './world.ts';

/** `data`: etcd's folder; `volume`: all of the data volume; `everything`: the root volume, too. */
export type Wipe = 'data' | 'volume' | 'everything';

export interface SimulatedDisk extends Disk {
  wipe(what: Wipe): void;
}

export function createSimulatedDisk({ etcd, random, watch }: World, node: EtcdNode): SimulatedDisk {
  const ran = { onData: false, onRoot: false };
  let owner: string | null = null;
  let claim: string | null = null;
  let registration: Registration | null = null;
  let member: MemberSpec | null = null;

  const disk: SimulatedDisk = {
    hasMember: () => node.data !== null,
    hasRun: () => ran.onData || ran.onRoot,
    noteRun: () => void Object.assign(ran, { onData: true, onRoot: true }),
    owner: () => owner,
    own: (instanceId) => {
      owner = instanceId;
    },
    claim: () => claim,
    newClaim: () => {
      claim = `claim-${random.below(2 ** 31)}`;
      return claim;
    },
    registration: () => registration,
    register: (note) => {
      registration = note;
    },
    member: () => member,
    keepMember: (spec) => {
      member = spec;
    },
    previousMember: () => null,
    keepPreviousMember: () => undefined,
    failedSwap: () => null,
    noteFailedSwap: () => undefined,
    setAside(why) {
      const registered = etcd.members().some(({ id }) => id === node.data?.memberId);
      if (registered && !node.data?.corrupt)
        watch.violated(
          `${node.instanceId} sets the sound data of the registered member ${node.data?.memberId} aside (${why})`,
        );
      if (node.pid !== null) watch.violated(`${node.instanceId} sets data aside under a running etcd (${why})`);
      disk.wipe('everything');
      return why;
    },
    wipe(what) {
      node.data = null;
      if (what === 'data') return;
      [claim, owner, registration] = [null, null, null];
      ran.onData = false;
      if (what === 'volume') return;
      [member, ran.onRoot] = [null, false];
    },
  };
  return disk;
}
