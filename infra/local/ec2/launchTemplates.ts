/** Launch templates, as CloudFormation makes them. */
import type { InstanceProfile } from '../iam/instanceProfiles.ts';
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

export interface Network {
  readonly templates: Documents<LaunchTemplate>;
  readonly profiles: Documents<InstanceProfile>;
  /** What instances of a template's version are like. @throws Error where template, version or profile is missing. */
  specification(template: { readonly id: string; readonly version: string }): LaunchSpecification;
}

/** Those of a region. */
export function templatesOf({ database }: Pick<HomeContext, 'database'>): Documents<LaunchTemplate> {
  return documents<LaunchTemplate>(database, 'ec2_launch_templates');
}

/** The number that `$Latest`, `$Default` or a number in digits stands for: the newest version is the default one here. */
export function versionOf({ versions }: LaunchTemplate, version: string): number {
  return version === '$Latest' || version === '$Default' ? versions.length : Number(version);
}

/** @param profiles of IAM, the same in all regions */
export function createNetwork(context: HomeContext, profiles: Documents<InstanceProfile>): Network {
  const templates = templatesOf(context);
  return {
    templates,
    profiles,
    specification({ id, version }) {
      const template = templates.get(id);
      const data = template?.versions[versionOf(template, version) - 1];
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
