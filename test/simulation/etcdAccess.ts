/** The members as one agent reaches them over the network. */
import type { EtcdAccess } from '../../agent/duties/etcdAccess.ts';
import type { Peer } from '../../agent/duties/peers.ts';
import { EtcdRefusal } from '../../agent/machine/etcdMembership.ts';
import type { Proposal } from './etcdModel.ts';
import { type EtcdNode, runs } from './etcdNode.ts';
import type { Change } from './etcdRules.ts';
import { later, raise } from './weather.ts';
import type { Life, World } from './world.ts';

const askTimeoutMs = 1_500;

export function etcdFor(world: World, life: Life): EtcdAccess {
  const { etcd, timeline, random, weather, watch } = world;

  function at(address: string): EtcdNode | undefined {
    return etcd.nodes.find((node) => node.address === address && node.pid !== null);
  }

  function reached(address: string): EtcdNode | null {
    const node = at(address);
    return node !== undefined && runs(node) && etcd.sameSide(life.address, address) ? node : null;
  }

  async function ask(address: string): Promise<Peer | null> {
    const refusedAtOnce = at(address) === undefined && etcd.sameSide(life.address, address);
    const node = await later(world, life, random.between(1, 15), () => reached(address));
    if (node === null) return later(world, life, refusedAtOnce ? 1 : askTimeoutMs, () => null);
    const listed = etcd.history[(node.data?.applied ?? 0) - 1];
    // Learners answer neither lists nor reads.
    if (listed === undefined || etcd.memberOf(node)?.learner) return later(world, life, 1, () => null);
    const well = () => reached(address) === node && etcd.inSync(node) && etcd.commits();
    const healthy = await later(world, life, well() ? random.between(1, 20) : askTimeoutMs, well);
    const leads = etcd.leader !== null && runs(etcd.leader) && etcd.sameSide(node.address, etcd.leader.address);
    return {
      address,
      version: etcd.version,
      clusterVersion: etcd.version,
      list: {
        clusterId: node.data?.clusterId ?? '',
        members: listed.map(({ id, name, peerUrl, learner }) => ({
          id,
          name,
          peerUrls: [peerUrl],
          isLearner: learner,
        })),
      },
      leaderId: leads ? (etcd.leader?.data?.memberId ?? null) : null,
      healthy: healthy && leads,
    };
  }

  /** An agent that is to crash just here does. */
  function crashPoint(point: NonNullable<typeof weather.crash>): void {
    if (weather.crash !== point) return;
    weather.crash = null;
    watch.say(life.instanceId, `crashes: ${point}`);
    weather.crashLife(life);
  }

  async function change(address: string, timeoutMs: number, wish: Change): Promise<string> {
    crashPoint('beforeChange');
    const sent = await later(world, life, random.between(1, 10), () => {
      const node = reached(address);
      return node === null ? null : etcd.propose(node, wish, life);
    });
    if (sent === null) return later(world, life, timeoutMs, () => raise(new Error(`no answer from ${address}`)));
    if (sent === 'etcdserver: no leader' || sent === 'etcdserver: request timed out')
      return later(world, life, Math.min(timeoutMs, 5_000), () => raise(new Error(sent)));
    if (typeof sent === 'string') return later(world, life, 2, () => raise(new EtcdRefusal(sent)));
    crashPoint('afterChange');
    return answered(sent, address, timeline.nowMs + timeoutMs);
  }

  async function answered(proposal: Proposal, address: string, untilMs: number): Promise<string> {
    while (timeline.nowMs < untilMs) {
      const { outcome } = proposal;
      if (outcome?.committed && reached(address) !== null) {
        crashPoint('afterAnswer');
        return later(world, life, 1, () => outcome.memberId);
      }
      if (outcome?.committed === false) break;
      await later(world, life, 10, () => undefined);
    }
    // etcd's own limit is about 7 s, so that either may come first: an answer that says so, or none.
    const [late, said] = [Math.max(0, untilMs - timeline.nowMs), random.chance(0.5)];
    return later(world, life, late, () =>
      raise(new Error(said ? 'etcdserver: request timed out' : `no answer from ${address}`)),
    );
  }

  return {
    async peers(addresses) {
      life.lookBeganMs = timeline.nowMs;
      const answers = await Promise.all(addresses.map(ask));
      return answers.filter((peer) => peer !== null).sort((a, b) => Number(b.healthy) - Number(a.healthy));
    },
    membership: ({ address, timeoutMs }) => ({
      add: (peerUrl, asLearner) => change(address, timeoutMs, { kind: 'add', peerUrl, learner: asLearner }),
      async remove(memberId) {
        await change(address, timeoutMs, { kind: 'remove', id: memberId }).catch((error: Error) => {
          if (!error.message.includes('member not found')) throw error;
        });
      },
      // No member of a simulation goes to another transport.
      update: () => Promise.reject(new EtcdRefusal('not simulated')),
      async promote(memberId) {
        await change(address, timeoutMs, { kind: 'promote', id: memberId }).catch((error: Error) => {
          if (!error.message.endsWith('can only promote a learner member')) throw error;
        });
      },
      async moveLeader(toMemberId) {
        const moved = await later(world, life, random.between(2, 100), () => {
          const node = reached(address);
          return node !== null && etcd.moveLeader(node, toMemberId);
        });
        if (!moved) throw new EtcdRefusal('etcdserver: not leader');
      },
    }),
  };
}
