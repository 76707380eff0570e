/** Instances as EC2 knows them. */
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';

const client = new EC2Client({});

/** Private IPv4 addresses by instance id; an instance that is going has none. */
export async function privateAddresses(instanceIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { Reservations = [] } = await client.send(new DescribeInstancesCommand({ InstanceIds: [...instanceIds] }));
  const instances = Reservations.flatMap(({ Instances = [] }) => Instances);
  return new Map(
    instances.flatMap(({ InstanceId, PrivateIpAddress }) =>
      InstanceId !== undefined && PrivateIpAddress !== undefined ? [[InstanceId, PrivateIpAddress] as const] : [],
    ),
  );
}
