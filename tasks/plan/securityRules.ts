/** Whether the members of two regions get through each other's security groups. Pure: facts in, sentences out. */
import { clientPort, peerPort } from '#etcd/addresses.ts';
import { covered } from './ipv4Blocks.ts';

/** One that admits IPv4 addresses; what admits security groups or prefix lists says nothing of another region's members. */
export interface SecurityRule {
  /** `tcp` or `6`, `udp` and so on, or `-1` for all, where the ports do not count (EC2: IpPermission). */
  readonly protocol: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly block: string;
}

export interface SecurityGroup {
  readonly id: string;
  readonly inbound: readonly SecurityRule[];
  readonly outbound: readonly SecurityRule[];
}

/** The security groups that members of a region have together: what one of them admits is admitted. */
export interface MemberSecurity {
  readonly region: string;
  readonly groups: readonly SecurityGroup[];
}

const ports = [clientPort, peerPort] as const;

/** Whether TCP connections of every address of the block on this port are let through. */
export function admits(rules: readonly SecurityRule[], block: string, port: number): boolean {
  const fitting = rules.filter(
    ({ protocol, fromPort, toPort }) =>
      protocol === '-1' || (['tcp', '6'].includes(protocol) && fromPort <= port && port <= toPort),
  );
  return covered(
    block,
    fitting.map((rule) => rule.block),
  );
}

export interface OtherMembers {
  readonly region: string;
  readonly blocks: readonly string[];
}

/** What is not let through between these members and those of the other region. */
export function securityProblems({ region, groups }: MemberSecurity, other: OtherMembers): readonly string[] {
  if (groups.length === 0) return [`members in ${region} have no security group: deploy that region's stack again`];
  const names = groups.map(({ id }) => id).join(', ');
  return [
    ...refused(
      groups.flatMap(({ inbound }) => inbound),
      other.blocks,
    ).map((what) => `${names} in ${region} does not admit members in ${other.region} (${what}): add that inbound rule`),
    ...refused(
      groups.flatMap(({ outbound }) => outbound),
      other.blocks,
    ).map((what) => `${names} in ${region} lets nothing out to ${other.region} (${what}): add that outbound rule`),
  ];
}

/** Ports with the same blocks are one entry: `tcp 2379, 2380, 10.43.3.0/24`. */
function refused(rules: readonly SecurityRule[], blocks: readonly string[]): readonly string[] {
  const missing = ports.map((port) => ({ port, blocks: blocks.filter((block) => !admits(rules, block, port)).join() }));
  return [...Map.groupBy(missing, (one) => one.blocks)].flatMap(([shut, same]) =>
    shut === '' ? [] : [`tcp ${same.map(({ port }) => port).join(' and ')}, ${shut.replaceAll(',', ', ')}`],
  );
}
