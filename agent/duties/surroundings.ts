/** What an agent knows of the cluster around it, asked anew each time: the regions' groups, the instances, the members. */
import { isAt } from '#etcd/addresses.ts';
import type { KnownMember } from '#etcd/knownMembers.ts';
import type { ClusterSettings, Newcomer } from '#etcd/record.ts';
import { wantedInAll } from '#etcd/regions.ts';
import type { Transport } from '#etcd/transport.ts';
import { compareVersions } from '#etcd/versions.ts';
import { type Clock, systemClock } from '../machine/clock.ts';
import type { Ec2Instance, Group, Instances } from '../machine/group.ts';
import type { MembershipTurns } from '../machine/membershipTurns.ts';
import type { Identity } from '../machine/metadata.ts';
import type { ClusterRecord } from '../machine/record.ts';
import { agentTags } from '../protocol.ts';
import { createConfirmations } from './confirmations.ts';
import { type EtcdAccess, etcdOverHttp } from './etcdAccess.ts';
import { createMemberPlaces } from './memberPlaces.ts';
import type { Peer } from './peers.ts';
import { createRegionViews, type RegionView } from './regionViews.ts';

export interface Surroundings {
  readonly settings: ClusterSettings;
  /** Of this agent's own region. */
  readonly group: Group;
  readonly regions: readonly RegionView[];
  /** Of all regions that answer. */
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
  /** How clients are to find the members. */
  readonly transport: Transport;
}

/** A look, or why nothing can be said now: then nothing may be changed either. */
export type Look =
  | { readonly seen: Surroundings }
  /** `alone`: all regions want one instance and have one, so that nobody else could have answered. */
  | { readonly seen: null; readonly reason: string; readonly alone?: boolean };

/** Whether this is the only member: nobody else can be asked, and nobody else is served. */
export function isAlone(look: Look): boolean {
  return look.seen === null ? look.alone === true : look.seen.members.length === 1;
}

export interface SurroundingsOptions {
  readonly identity: Identity;
  readonly record: ClusterRecord;
  /** A region's. */
  readonly instancesIn: (region: string) => Instances;
  readonly turns: MembershipTurns;
  readonly etcd?: EtcdAccess;
  readonly clock?: Clock;
  /** How the cluster is served, as it was known last. */
  readonly transport?: () => Transport;
}

export function createSurroundings(options: SurroundingsOptions): () => Promise<Look> {
  const { identity, record, instancesIn, turns, etcd = etcdOverHttp, clock = systemClock } = options;
  const transport = options.transport ?? (() => 'plain');
  const confirmations = createConfirmations(clock.monotonicMs);
  const tag = { key: agentTags.cluster, value: identity.cluster };
  const viewRegions = createRegionViews({ ownRegion: identity.region, instancesIn, tag }, clock.monotonicMs);
  const place = createMemberPlaces(record, identity.region);

  async function look(): Promise<Look> {
    const settings = await record.readSettings();
    if (settings === null) return unknown('the deployment has not written the settings of this cluster yet');
    const [regions, { sinceChangeMs, newcomer }] = await Promise.all([viewRegions(settings), turns.state()]);
    const group = regions.find(({ region }) => region === identity.region)?.group;
    if (group == null) return unknown(`Auto Scaling of ${identity.region} does not answer`);
    const known = regions.flatMap(({ instances }) => instances);
    const addresses = known.filter(({ state, address }) => state === 'running' && address !== '');
    const peers = await askAll(addresses.map(({ address }) => address));
    const healthy = peers.filter((peer) => peer.healthy);
    const disagreement = disagreementOf(healthy);
    if (disagreement !== null) return unknown(disagreement);
    const [first] = healthy;
    if (first === undefined) {
      const alone = addresses.length === 1 && wantedInAll(regions) === 1;
      return { ...unknown('no member answers a linearizable read'), alone };
    }
    const members: KnownMember[] = [];
    for (const member of first.list.members) {
      const instanceId = instanceOf(member, newcomer);
      const { zone, region, live, gone } = await place(instanceId, regions, instancesIn);
      members.push({
        ...member,
        healthy: healthy.some(({ address }) => isAt(member.peerUrls, address)),
        instance: live ? 'live' : confirmations.confirmed(member.id, gone) ? 'gone' : 'unknown',
        zone,
        region,
      });
    }
    return {
      seen: {
        settings,
        group,
        regions,
        instances: known,
        members,
        leaderId: first.leaderId,
        clusterId: first.list.clusterId,
        version: healthy.map(({ version }) => version).sort(compareVersions)[0] ?? first.version,
        peers,
        sinceChangeMs,
        transport: transport(),
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

function unknown(reason: string): Extract<Look, { seen: null }> {
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

/** Members that do not list the same are in the middle of a change, or were never one cluster. */
function disagreementOf(healthy: readonly Peer[]): string | null {
  const [first] = healthy;
  if (first === undefined) return null;
  const other = healthy.find(({ list }) => list.clusterId !== first.list.clusterId);
  if (other !== undefined)
    return `two clusters: ${first.address} is in ${first.list.clusterId}, ${other.address} in ${other.list.clusterId}`;
  const text = ({ list }: Peer) =>
    list.members
      .map(({ id, name, isLearner }) => `${id} ${name} ${isLearner}`)
      .sort()
      .join();
  const differs = healthy.find((peer) => text(peer) !== text(first));
  return differs === undefined ? null : `${differs.address} lists other members than ${first.address}`;
}
