/** Whether the caller is an instance of the cluster now, by what EC2 and Auto Scaling say. Pure. */
import type { Refused } from './certificateRefusal.ts';

/** As EC2 describes it. */
export interface DescribedInstance {
  /** `running`, `terminated`, ... */
  readonly state: string;
  /** Private IPv4; null where it has none (any more). */
  readonly address: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

/** As Auto Scaling describes it. */
export interface DescribedGroup {
  readonly tags: Readonly<Record<string, string>>;
  readonly instanceIds: readonly string[];
}

export type Standing = { readonly address: string } | Refused;

/** Set by Auto Scaling on what it launches; nobody else can set tags that begin so (AWS: Tag restrictions). */
export const groupTag = 'aws:autoscaling:groupName';
const clusterTag = 'etcd-appliance:cluster';
const ipv4 = /^\d{1,3}(\.\d{1,3}){3}$/;

/**
 * @param instance null where EC2 does not know it
 * @param group the one that the instance's tag names; null where there is no such tag or group
 */
export function judgeInstance(
  instanceId: string,
  cluster: string,
  instance: DescribedInstance | null,
  group: DescribedGroup | null,
): Standing {
  if (instance === null) return { refused: 'notRunning', why: `EC2 does not know ${instanceId}` };
  const { state, address, tags } = instance;
  if (state !== 'running') return { refused: 'notRunning', why: `${instanceId} is ${state}, not running` };
  if (address === null || !ipv4.test(address))
    return { refused: 'notRunning', why: `${instanceId} has no private IPv4 address` };
  if (tags[clusterTag] !== cluster)
    return { refused: 'notInCluster', why: `${instanceId} is not tagged as one of the cluster ${cluster}` };
  if (group === null || group.tags[clusterTag] !== cluster || !group.instanceIds.includes(instanceId))
    return { refused: 'notInCluster', why: `${instanceId} is not in the Auto Scaling group of the cluster ${cluster}` };
  return { address };
}
