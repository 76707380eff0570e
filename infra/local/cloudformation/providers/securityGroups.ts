/** Security groups, and rules that are resources of their own. */
import type { SecurityGroup, SecurityRule, Vpcs } from '../../ec2/vpc/records.ts';
import { ruleFrom, rulesOf } from '../../ec2/vpc/rules.ts';
import {
  generatedName,
  type Provider,
  type Providers,
  type ResourceRequest,
  refuseReplacement,
  resourceId,
  tagsOf,
  text,
} from '../provider.ts';

type Properties = ResourceRequest['properties'];

const newRuleId = () => resourceId('sgr');

export function securityGroups({ securityGroups }: Pick<Vpcs, 'securityGroups'>): Providers {
  const change = (id: string, how: (group: SecurityGroup) => Partial<SecurityGroup>) => {
    const group = securityGroups.get(id);
    if (group === null) throw new Error(`the security group ${id} is not one of this home`);
    securityGroups.put(id, { ...group, ...how(group) });
  };

  function ruleProvider(direction: SecurityRule['direction']): Provider {
    const without = (properties: Properties, ruleId: string, more: readonly SecurityRule[]) =>
      change(text(properties, 'GroupId') ?? '', ({ rules }) => ({
        rules: [...rules.filter((rule) => rule.ruleId !== ruleId), ...more],
      }));
    return {
      create({ properties }) {
        const id = newRuleId();
        without(properties, id, [ruleFrom(properties, direction, id)]);
        return { physicalId: id, attributes: { Id: id } };
      },
      update({ properties }, existing) {
        refuseReplacement(properties, existing, 'GroupId');
        without(properties, existing.physicalId, [ruleFrom(properties, direction, existing.physicalId)]);
        return existing;
      },
      delete: ({ physicalId, properties }) => without(properties, physicalId, []),
    };
  }

  return {
    'AWS::EC2::SecurityGroup': {
      create(request) {
        const { properties } = request;
        const groupId = resourceId('sg');
        const vpcId = text(properties, 'VpcId') ?? '';
        securityGroups.put(groupId, {
          groupId,
          name: text(properties, 'GroupName') ?? generatedName(request),
          description: text(properties, 'GroupDescription') ?? '',
          vpcId,
          rules: rulesOf(properties, newRuleId),
          tags: tagsOf(properties.Tags),
        });
        return { physicalId: groupId, attributes: { GroupId: groupId, Id: groupId, VpcId: vpcId } };
      },
      update({ properties }, existing) {
        refuseReplacement(properties, existing, 'GroupDescription', 'GroupName', 'VpcId');
        // The rules within the group are replaced; those that are resources of their own stay.
        change(existing.physicalId, ({ rules }) => {
          const before = rulesOf(existing.properties, newRuleId).map(contentOf);
          const kept = rules.filter((rule) => !before.includes(contentOf(rule)));
          return { rules: [...rulesOf(properties, newRuleId), ...kept], tags: tagsOf(properties.Tags) };
        });
        return existing;
      },
      delete: ({ physicalId }) => securityGroups.delete(physicalId),
    },
    'AWS::EC2::SecurityGroupEgress': ruleProvider('egress'),
    'AWS::EC2::SecurityGroupIngress': ruleProvider('ingress'),
  };
}

function contentOf({ ruleId: _, ...content }: SecurityRule): string {
  return JSON.stringify(content);
}
