/** The filters of EC2's Describe operations, `*` and `?` as wildcards. Pure. */
import { isLike } from '../iam/patterns.ts';
import { AwsError } from '../wire/service.ts';
import type { Instance } from './instance.ts';

export interface Filter {
  readonly Name?: string;
  readonly Values?: readonly string[];
}

/** Name of a filter -> what the thing has of it; `tag:` with any key that it does not have is known, too. */
export type Attributes = Readonly<Record<string, readonly string[]>>;

/** Whether it passes all filters; a filter passes with any of its values. @throws AwsError for a filter that is not known */
export function matches(attributes: Attributes, filters: readonly Filter[]): boolean {
  return filters.every(({ Name = '', Values = [] }) => {
    const actual = Object.hasOwn(attributes, Name) ? attributes[Name] : Name.startsWith('tag:') ? [] : undefined;
    if (actual === undefined) throw new AwsError('InvalidParameterValue', `The filter '${Name}' is invalid`);
    return actual.some((value) => Values.some((wanted) => isLike(value, wanted)));
  });
}

export function tagAttributes(tags: Readonly<Record<string, string>>): Attributes {
  const own = Object.entries(tags).map(([key, value]) => [`tag:${key}`, [value]] as const);
  return { 'tag-key': Object.keys(tags), ...Object.fromEntries(own) };
}

export function instanceAttributes(instance: Instance): Attributes {
  return {
    'instance-id': [instance.instanceId],
    'instance-state-name': [instance.state],
    'private-ip-address': [instance.address],
    'availability-zone': [instance.zone],
    'vpc-id': [instance.vpcId],
    'subnet-id': [instance.subnetId],
    ...tagAttributes(instance.tags),
  };
}
