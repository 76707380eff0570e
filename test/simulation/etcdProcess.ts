/** The etcd of one instance as an agent starts and stops it: what it says of its disk, and how it ends. */
import { peerUrl } from '#etcd/addresses.ts';
import type { EtcdCommand, EtcdExitReport, EtcdProcess } from '../../agent/machine/etcdProcess.ts';
import { firstConfiguration } from './etcdModel.ts';
import { type EtcdNode, runs } from './etcdNode.ts';
import { later } from './weather.ts';
import type { Life, World } from './world.ts';

export function processFor(world: World, life: Life, node: EtcdNode): EtcdProcess {
  const { timeline, etcd, watch } = world;
  let listener: (exit: EtcdExitReport) => void = () => {};

  function reportTo(): void {
    node.onExit = (how) => {
      const exit = { startedAtMs: node.startedAtMs, exitedAtMs: timeline.nowMs, how };
      void later(world, life, 5, () => listener(exit));
    };
  }

  return {
    pid: () => node.pid,
    adopt: () =>
      later(world, life, 20, () => {
        if (node.pid === null) return false;
        reportTo();
        return true;
      }),
    start: (command) =>
      later(world, life, 30, () => {
        reportTo();
        startEtcd(world, node, command);
      }),
    async stop(graceMs) {
      const own = node.pid === null ? undefined : etcd.memberOf(node);
      if (own !== undefined && !own.learner)
        watch.violated(`${life.instanceId} stops its etcd, which is a voter still`);
      await later(world, life, Math.min(graceMs, 300), () => undefined);
      node.onExit = () => {};
      endEtcd(world, node, 'SIGTERM', '');
    },
    lastWords: () => later(world, life, 5, () => node.lastWords),
    onExit(told) {
      listener = told;
    },
  };
}

export function endEtcd({ etcd, watch }: World, node: EtcdNode, how: string, lastWords: string): void {
  if (node.pid === null) return;
  etcd.settle();
  node.pid = null;
  node.paused = false;
  node.lastWords = lastWords;
  watch.say(node.instanceId, `etcd ended: ${how}`, { lastWords });
  const { onExit } = node;
  etcd.settle();
  onExit(how);
}

function startEtcd(world: World, node: EtcdNode, { arguments: given }: EtcdCommand): void {
  const { timeline, etcd, watch, random } = world;
  const flag = (name: string) => given.find((one) => one.startsWith(`--${name}=`))?.slice(name.length + 3) ?? '';
  node.pid = ++node.starts;
  node.startedAtMs = timeline.nowMs;
  node.lastWords = '';
  const { pid } = node;
  watch.say(node.instanceId, 'etcd starts', {
    state: flag('initial-cluster-state'),
    data: node.data?.memberId ?? null,
  });
  const fail = (afterMs: number, words: string) =>
    timeline.after(afterMs, () => node.pid === pid && endEtcd(world, node, 'exit 1', words));
  if (node.data?.corrupt) return fail(200, 'wal: crc mismatch');
  if (node.data === null) {
    const refused = flag('initial-cluster-state') === 'new' ? form(world, node, flag) : enter(world, node, flag);
    if (refused !== null) return fail(random.between(100, 1_500), refused);
  }
  etcd.settle();
  timeline.after(random.between(100, 400), () => watchOver(world, node, pid, flag('name')));
}

/** Every so often: whether it may say its name, whether it was removed. */
function watchOver(world: World, node: EtcdNode, pid: number, name: string): void {
  const { timeline, etcd } = world;
  if (node.pid !== pid || node.data === null) return;
  const own = etcd.memberOf(node);
  const knows = etcd.history[node.data.applied - 1]?.some(({ id }) => id === node.data?.memberId) ?? true;
  const told = etcd.leader !== null && runs(node) && etcd.sameSide(node.address, etcd.leader.address);
  if (own === undefined && (!knows || told) && runs(node)) {
    endEtcd(world, node, 'exit 0', 'the member has been permanently removed from the cluster');
    return;
  }
  if (own?.name === '' && etcd.inSync(node) && etcd.commits()) etcd.publish(own.id, name);
  timeline.after(own?.name === '' ? 100 : 1_000, () => watchOver(world, node, pid, name));
}

type Flag = (name: string) => string;

function form(world: World, node: EtcdNode, flag: Flag): string | null {
  const { etcd, watch, timeline } = world;
  const first = firstConfiguration(flag('initial-cluster'));
  const own = first.find(({ peerUrl: url }) => url === peerUrl(node.address));
  if (own === undefined) return "couldn't find local name in the initial cluster configuration";
  const clusterId = flag('initial-cluster-token');
  if (etcd.clusterId === null) {
    etcd.clusterId = clusterId;
    etcd.history.push(first);
  }
  if (clusterId !== etcd.clusterId) watch.violated(`${node.instanceId} forms a second cluster, ${clusterId}`);
  write(world, node, own.id, timeline.nowMs);
  return null;
}

/** Asks the members that it was told of, as etcd does before it writes anything. */
function enter(world: World, node: EtcdNode, flag: Flag): string | null {
  const { etcd } = world;
  const told = firstConfiguration(flag('initial-cluster')).map(({ peerUrl: url }) => url);
  const peer = etcd.nodes.find(
    (other) =>
      other !== node &&
      runs(other) &&
      other.data !== null &&
      told.includes(peerUrl(other.address)) &&
      etcd.sameSide(other.address, node.address),
  );
  if (peer === undefined) return 'cannot fetch cluster info from peer urls: could not retrieve cluster information';
  const listed = etcd.history[(peer.data?.applied ?? 0) - 1] ?? [];
  if (listed.length !== told.length) return 'error validating peerURLs: member count is unequal';
  const own = listed.find(({ peerUrl: url }) => url === peerUrl(node.address));
  if (own === undefined || listed.some(({ peerUrl: url }) => !told.includes(url)))
    return 'error validating peerURLs: unmatched member while checking PeerURLs';
  write(world, node, own.id, -1);
  return null;
}

function write({ etcd, watch }: World, node: EtcdNode, memberId: string, wholeUntilMs: number): void {
  if (etcd.ran.has(memberId))
    watch.violated(`${node.instanceId} starts the member ${memberId}, which has run before, on an empty disk`);
  etcd.ran.add(memberId);
  node.data = {
    memberId,
    clusterId: etcd.clusterId ?? '',
    applied: wholeUntilMs < 0 ? 0 : 1,
    wholeUntilMs,
    corrupt: false,
  };
}
