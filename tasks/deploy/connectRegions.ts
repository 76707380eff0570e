import { environment } from '../aws/environment.ts';
import { findGroup } from '../aws/group.ts';
import { readBootstrap } from '../aws/record.ts';
import { connect, disconnect, type Pair, pairOf } from './connection.ts';
import { type CustomResourceEvent, respondWith } from './respond.ts';

/**
 * Custom resource: connects the VPCs of the two regions, and has the hosted zone seen from both. Each delivery looks at what is there
 * and does what is missing; where a VPC was replaced, the old pair is disconnected first. A hosted zone that was replaced is left alone: it
 * went with its stack, or is the operator's.
 */
export function handler(event: CustomResourceEvent): Promise<void> {
  return respondWith(event, async () => {
    const pair = pairOf(event.ResourceProperties);
    const physicalId = `connection of ${pair.cluster}`;
    if (event.RequestType === 'Delete') {
      // What never came to be connected is in nobody's use.
      if (event.PhysicalResourceId === physicalId) await refuseWhileInUse(pair);
      await disconnect(pair);
      return { physicalId: event.PhysicalResourceId ?? physicalId };
    }
    const before = event.OldResourceProperties && pairOf(event.OldResourceProperties);
    if (before !== undefined) await leave(before, pair);
    await connect(pair, before);
    return { physicalId };
  });
}

/** The zone stays with a VPC that is still one of the two. */
async function leave(before: Pair, now: Pair): Promise<void> {
  if (before.vpcIds.join() === now.vpcIds.join()) return;
  const hostedZoneId = before.vpcIds[1] === now.vpcIds[1] ? null : now.hostedZoneId;
  await disconnect({ ...before, hostedZoneId });
}

/** Members that cannot reach the others cannot leave either. */
async function refuseWhileInUse({ regions: [, region] }: Pair): Promise<void> {
  const group = await findGroup(region);
  if (group === null || group.instances.length === 0 || (await readBootstrap()) === null) return;
  const stack = `etcd-${environment('CLUSTER')}-${region}`;
  throw new Error(
    `${group.instances.length} instances in ${region} need the connection; delete that region first: npx cdk destroy --exclusively ${stack} (docs/runbook.md#region-needed)`,
  );
}
