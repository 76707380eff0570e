/** Launch templates and the network's names, as CloudFormation makes them. */
import { type Documents, documents } from '../wire/documents.ts';
import type { HomeContext } from '../wire/service.ts';
import type { LaunchSpecification } from './instance.ts';

export interface LaunchTemplate {
  readonly id: string;
  readonly name: string;
  /** Newest last; version N is entry N - 1. */
  readonly versions: readonly LaunchTemplateData[];
}

/** `LaunchTemplateData` of AWS::EC2::LaunchTemplate, as far as this home uses it. */
export interface LaunchTemplateData {
  readonly ImageId?: string;
  readonly InstanceType?: string;
  readonly UserData?: string;
  readonly SecurityGroupIds?: readonly string[];
  readonly IamInstanceProfile?: { readonly Arn?: string; readonly Name?: string };
  readonly NetworkInterfaces?: readonly { readonly Groups?: readonly string[] }[];
  readonly TagSpecifications?: readonly {
    readonly ResourceType: string;
    readonly Tags?: readonly { readonly Key: string; readonly Value: string }[];
  }[];
}

export interface Subnet {
  readonly subnetId: string;
  readonly zone: string;
  readonly vpcId: string;
}

export interface InstanceProfile {
  readonly name: string;
  readonly arn: string;
  readonly roleName: string;
}

export interface Network {
  readonly templates: Documents<LaunchTemplate>;
  readonly subnets: Documents<Subnet>;
  readonly profiles: Documents<InstanceProfile>;
  /** What instances of a template's version are like. @throws Error where template, version or profile is missing. */
  specification(template: { readonly id: string; readonly version: string }): LaunchSpecification;
}

export function createNetwork(context: HomeContext): Network {
  const templates = documents<LaunchTemplate>(context.database, 'ec2_launch_templates');
  const subnets = documents<Subnet>(context.database, 'ec2_subnets');
  const profiles = documents<InstanceProfile>(context.database, 'iam_instance_profiles');
  return {
    templates,
    subnets,
    profiles,
    specification({ id, version }) {
      const template = templates.get(id);
      const number = version === '$Latest' || version === '$Default' ? template?.versions.length : Number(version);
      const data = template?.versions[(number ?? 0) - 1];
      if (data === undefined) throw new Error(`the launch template ${id} has no version ${version}`);
      const name = data.IamInstanceProfile?.Name ?? data.IamInstanceProfile?.Arn?.split('/').at(-1) ?? '';
      const profile = profiles.get(name);
      if (profile === null)
        throw new Error(`the launch template ${id} names an instance profile that is not there: '${name}'`);
      const tags = data.TagSpecifications?.find(({ ResourceType }) => ResourceType === 'instance')?.Tags ?? [];
      return {
        imageId: data.ImageId ?? '',
        instanceType: data.InstanceType ?? '',
        securityGroupIds: data.SecurityGroupIds ?? data.NetworkInterfaces?.[0]?.Groups ?? [],
        roleName: profile.roleName,
        instanceProfileArn: profile.arn,
        userData: data.UserData ?? '',
        tags: Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value])),
      };
    },
  };
}
