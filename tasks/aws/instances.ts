/** Instances as EC2 of their region knows them. */
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import type { DescribedInstance } from '../plan/certificateInstance.ts';
import { perRegion, regions } from './regions.ts';

const client = perRegion((region) => new EC2Client({ region }));

/** Private IPv4 addresses by instance id; an instance that is going has none. */
export async function privateAddresses(
  region: string,
  instanceIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (instanceIds.length === 0) return new Map();
  const { Reservations = [] } = await client(region).send(
    new DescribeInstancesCommand({ InstanceIds: [...instanceIds] }),
  );
  const instances = Reservations.flatMap(({ Instances = [] }) => Instances);
  return new Map(
    instances.flatMap(({ InstanceId, PrivateIpAddress }) =>
      InstanceId !== undefined && PrivateIpAddress !== undefined ? [[InstanceId, PrivateIpAddress] as const] : [],
    ),
  );
}

/**
 * In whichever region of the cluster it is; null where EC2 of none of them knows it.
 * @throws Error where a region that could know it does not answer
 */
export async function findInstance(
  instanceId: string,
): Promise<{ readonly region: string; readonly instance: DescribedInstance } | null> {
  let silent: unknown;
  for (const region of regions()) {
    try {
      const instance = await describeInstance(region, instanceId);
      if (instance !== null) return { region, instance };
    } catch (error) {
      silent = error;
    }
  }
  if (silent !== undefined) throw silent;
  return null;
}

async function describeInstance(region: string, instanceId: string): Promise<DescribedInstance | null> {
  const described = await client(region)
    .send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }))
    .catch((error: Error) => {
      if (error.name.startsWith('InvalidInstanceID')) return null;
      throw error;
    });
  const found = described?.Reservations?.flatMap(({ Instances = [] }) => Instances).find(
    ({ InstanceId }) => InstanceId === instanceId,
  );
  if (found === undefined) return null;
  return {
    state: found.State?.Name ?? '',
    address: found.PrivateIpAddress ?? null,
    tags: Object.fromEntries((found.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value])),
  };
}
