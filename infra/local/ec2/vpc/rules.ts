/** Rules of security groups as CloudFormation writes them. Pure. */
import { canonicalCidr } from './cidr.ts';
import type { SecurityRule } from './records.ts';

type Properties = Readonly<Record<string, unknown>>;

/**
 * @param properties of a rule within a security group, or of one that is a resource of its own
 * @throws Error where it admits nobody, or whom this home does not know
 */
export function ruleFrom(properties: Properties, direction: SecurityRule['direction'], ruleId: string): SecurityRule {
  const { IpProtocol, FromPort, ToPort, CidrIp, Description } = properties;
  const groupId = direction === 'ingress' ? properties.SourceSecurityGroupId : properties.DestinationSecurityGroupId;
  if ((CidrIp === undefined) === (groupId === undefined))
    throw new Error('this home has rules for one IPv4 range or one security group each');
  return {
    ruleId,
    direction,
    protocol: String(IpProtocol),
    ...(FromPort !== undefined && { fromPort: Number(FromPort) }),
    ...(ToPort !== undefined && { toPort: Number(ToPort) }),
    ...(CidrIp !== undefined && { cidr: canonicalCidr(String(CidrIp), 'cidrIp') }),
    ...(groupId !== undefined && { groupId: String(groupId) }),
    ...(Description !== undefined && { description: String(Description) }),
  };
}

/** The rules within a security group; one that says nothing of what goes out lets everything out. */
export function rulesOf(properties: Properties, newId: () => string): readonly SecurityRule[] {
  const everything = [{ IpProtocol: '-1', CidrIp: '0.0.0.0/0' }];
  const { SecurityGroupIngress = [], SecurityGroupEgress = everything } = properties;
  return [
    ...(SecurityGroupIngress as Properties[]).map((rule) => ruleFrom(rule, 'ingress', newId())),
    ...(SecurityGroupEgress as Properties[]).map((rule) => ruleFrom(rule, 'egress', newId())),
  ];
}
