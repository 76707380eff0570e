/** The filters of DescribeInstances, `*` as a wildcard. */
import { AwsError } from '../wire/service.ts';
import type { Instance } from './instance.ts';

export interface Filter {
  readonly Name?: string;
  readonly Values?: readonly string[];
}

/** Whether the instance passes all filters; a filter passes with any of its values. */
export function matches(instance: Instance, filters: readonly Filter[]): boolean {
  return filters.every(({ Name = '', Values = [] }) => {
    const actual = attribute(instance, Name);
    return actual.some((value) => Values.some((wanted) => pattern(wanted).test(value)));
  });
}

function attribute(instance: Instance, name: string): readonly string[] {
  if (name.startsWith('tag:')) return [instance.tags[name.slice('tag:'.length)]].filter((value) => value !== undefined);
  switch (name) {
    case 'instance-id':
      return [instance.instanceId];
    case 'instance-state-name':
      return [instance.state];
    case 'private-ip-address':
      return [instance.address];
    case 'availability-zone':
      return [instance.zone];
    case 'vpc-id':
      return [instance.vpcId];
    case 'subnet-id':
      return [instance.subnetId];
    case 'tag-key':
      return Object.keys(instance.tags);
    default:
      throw new AwsError('InvalidParameterValue', `The filter '${name}' is invalid`);
  }
}

function pattern(text: string): RegExp {
  const escaped = text.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`);
}
