/** What an agent knows of the cluster around it, asked anew each time: the group, the instances, the members. */
import { clientUrl, peerUrl } from '#etcd/addresses.ts';
import type { KnownMember } from '#etcd/knownMembers.ts';
import type { ClusterSettings, Newcomer } from '#etcd/record.ts';
import { compareVersions } from '#etcd/versions.ts';
import { type Clock, systemClock } from '../machine/clock.ts';
import type { Ec2Instance, Group, Instances } from '../machine/group.ts';
import type { MembershipTurns } from '../machine/membershipTurns.ts';
import type { Identity } from '../machine/metadata.ts';
import type { ClusterRecord } from '../machine/record.ts';
import { agentTags } from '../protocol.ts';
import { createConfirmations } from './confirmations.ts';
import { type EtcdAccess, etcdOverHttp } from './etcdAccess.ts';
import type { Peer } from './peers.ts';

export interface Surroundings {
  readonly settings: ClusterSettings;
  readonly group: Group;
  readonly instances: readonly Ec2Instance[];
  /** As every healthy member lists them. */
  readonly members: readonly KnownMember[];
  readonly leaderId: string | null;
  readonly clusterId: string;
  /** X.Y.Z: the lowest that a healthy member runs. */
  readonly version: string;
  /** Members that answered, healthy ones first. */
  readonly peers: readonly Peer[];
  readonly sinceChangeMs: number;
}

/** A look, or why nothing can be said now: then nothing may be changed either. */
export type Look = { readonly seen: Surroundings } | { readonly seen: null; readonly reason: string };

export interface SurroundingsOptions {
  readonly identity: Identity;
  readonly record: ClusterRecord;
  readonly instances: Instances;
  readonly turns: MembershipTurns;
  readonly etcd?: EtcdAccess;
  readonly clock?: Clock;
}

export function createSurroundings(options: SurroundingsOptions): () => Promise<Look> {
  const { identity, record, instances, turns, etcd = etcdOverHttp, clock = systemClock } = options;
  const confirmations = createConfirmations(clock.monotonicMs);

  async function look(): Promise<Look> {
    const settings = await record.readSettings();
    if (settings === null) return unknown('the deployment has not written the settings of this cluster yet');
    const [group, known, { sinceChangeMs, newcomer }] = await Promise.all([
      instances.group(settings.groupName),
      instances.withTag(agentTags.cluster, identity.cluster),
      turns.state(),
    ]);
    const addresses = known.filter(({ state, address }) => state === 'running' && address !== '');
    const peers = await askAll(addresses.map(({ address }) => address));
    const healthy = peers.filter((peer) => peer.healthy);
    const disagreement = disagreementOf(healthy);
    if (disagreement !== null) return unknown(disagreement);
    const [first] = healthy;
    if (first === undefined) return unknown('no member answers a linearizable read');
    const members: KnownMember[] = [];
    for (const member of first.list.members) {
      const instanceId = instanceOf(member, newcomer);
      const place = known.find((one) => one.instanceId === instanceId) ?? null;
      const gone = instanceId !== null && (await isGone(instanceId, place, group));
      members.push({
        ...member,
        healthy: healthy.some(({ address }) => member.peerUrls.includes(peerUrl(address))),
        instance: isLive(place, group) ? 'live' : confirmations.confirmed(member.id, gone) ? 'gone' : 'unknown',
        zone: place?.zone ?? null,
      });
    }
    return {
      seen: {
        settings,
        group,
        instances: known,
        members,
        leaderId: first.leaderId,
        clusterId: first.list.clusterId,
        version: healthy.map(({ version }) => version).sort(compareVersions)[0] ?? first.version,
        peers,
        sinceChangeMs,
      },
    };
  }

  /** Also the members that EC2's answer leaves out: whether one answers must not hang on it. */
  async function askAll(addresses: readonly string[]): Promise<readonly Peer[]> {
    const first = await etcd.peers(addresses);
    const listed = first.flatMap(({ list }) => list.members).flatMap(({ peerUrls }) => peerUrls.map(addressIn));
    const more = [...new Set(listed)].filter((address) => address !== '' && !addresses.includes(address));
    const others = more.length === 0 ? [] : await etcd.peers(more);
    return [...first, ...others].sort((a, b) => Number(b.healthy) - Number(a.healthy));
  }

  /** EC2 says by name that it is not there, and the group does not have it. */
  async function isGone(instanceId: string, place: Ec2Instance | null, group: Group): Promise<boolean> {
    if (isLive(place, group) || inGroup(instanceId, group)) return false;
    const instance = place ?? (await instances.byId(instanceId));
    return instance === null || instance.state === 'terminated';
  }

  return async () => {
    try {
      return await look();
    } catch (error) {
      return unknown((error as Error).message);
    }
  };
}

function addressIn(url: string): string {
  return URL.parse(url)?.hostname ?? '';
}

function unknown(reason: string): Look {
  return { seen: null, reason };
}

/** A member's name is its instance id; one that has not started has none, but whoever added it left a note. */
function instanceOf(
  { name, peerUrls }: { readonly name: string; readonly peerUrls: readonly string[] },
  newcomer: Newcomer | null,
): string | null {
  if (name !== '') return name;
  return newcomer !== null && peerUrls.includes(newcomer.peerUrl) ? newcomer.instanceId : null;
}

function isLive(place: Ec2Instance | null, group: Group): boolean {
  if (place === null) return false;
  const ended = place.state === 'terminated' || place.state === 'shutting-down';
  return !ended || inGroup(place.instanceId, group);
}

function inGroup(instanceId: string, { instances }: Group): boolean {
  return instances.some((one) => one.instanceId === instanceId && one.lifecycleState !== 'Terminated');
}

/** Members that do not list the same are in the middle of a change, or were never one cluster. */
function disagreementOf(healthy: readonly Peer[]): string | null {
  const [first] = healthy;
  if (first === undefined) return null;
  const other = healthy.find(({ list }) => list.clusterId !== first.list.clusterId);
  if (other !== undefined)
    return `two clusters: ${clientUrl(first.address)} is in ${first.list.clusterId}, ${clientUrl(other.address)} in ${other.list.clusterId}`;
  const text = ({ list }: Peer) =>
    list.members
      .map(({ id, name, isLearner }) => `${id} ${name} ${isLearner}`)
      .sort()
      .join();
  const differs = healthy.find((peer) => text(peer) !== text(first));
  return differs === undefined
    ? null
    : `${clientUrl(differs.address)} lists other members than ${clientUrl(first.address)}`;
}
