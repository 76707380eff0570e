/** What lies between two regions, as it is now. It is read from where their groups launch instances, whatever the settings said. */
import { readPlacement } from '../aws/group.ts';
import { vpcsOfZone } from '../aws/hostedZones.ts';
import { blocksOf, connectionsBetween, findNetwork } from '../aws/networks.ts';
import { readSecurity } from '../aws/securityGroups.ts';
import { type GroupState, stayingInstances } from '../plan/group.ts';
import type { NetworkFacts } from '../plan/networkProblems.ts';

/** @param groups of the two regions, home first @throws Error where a region does not answer: nothing is decided from half of it */
export async function readNetworkFacts(
  cluster: string,
  groups: readonly [GroupState, GroupState],
  hostedZoneId: string,
): Promise<NetworkFacts> {
  const [home, other] = await Promise.all([sideOf(groups[0]), sideOf(groups[1])]);
  const connections =
    home.network === null || other.network === null
      ? []
      : await connectionsBetween(groups[0].region, cluster, home.network.vpcId, other.network.vpcId);
  return {
    regions: [groups[0].region, groups[1].region],
    peering: {
      home: home.network,
      other: other.network,
      homeBlocks: home.blocks,
      otherBlocks: other.blocks,
      connections,
      zoneVpcs: await vpcsOfZone(hostedZoneId),
    },
    security: [...home.security, ...other.security],
    hostedZoneId,
  };
}

async function sideOf(group: GroupState) {
  const { region } = group;
  const { subnetIds, template } = await readPlacement(region);
  const { vpcId, blocks } = await blocksOf(region, subnetIds);
  const instanceIds = stayingInstances(group).map(({ instanceId }) => instanceId);
  const [network, security] = await Promise.all([
    vpcId === null ? null : findNetwork(region, { vpcId }, blocks),
    readSecurity(region, instanceIds, template),
  ]);
  return { network, blocks, security };
}
