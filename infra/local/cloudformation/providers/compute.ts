/** Instances and functions. */
import type { AutoScaling } from '../../autoscaling/index.ts';
import type { LaunchTemplateData, Network } from '../../ec2/launchTemplates.ts';
import type { Vpcs } from '../../ec2/vpc/records.ts';
import type { Lambda } from '../../lambda/index.ts';
import type { FileAsset } from '../assembly.ts';
import { generatedName, type Providers, type ResourceRequest, resourceId, text } from '../provider.ts';
import { groups } from './groups.ts';

export interface ComputeParts {
  readonly network: Network;
  readonly subnets: Vpcs['subnets'];
  readonly autoscaling: AutoScaling;
  readonly lambda: Lambda;
  readonly account: string;
  readonly assets: readonly FileAsset[];
}

export function compute({ network, subnets, autoscaling, lambda, account, assets }: ComputeParts): Providers {
  return {
    'AWS::IAM::InstanceProfile': {
      create(request) {
        const name = text(request.properties, 'InstanceProfileName') ?? generatedName(request);
        const arn = `arn:aws:iam::${account}:instance-profile/${name}`;
        const [roleName = ''] = (request.properties.Roles ?? []) as string[];
        network.profiles.put(name, { name, arn, roleName });
        return { physicalId: name, attributes: { Arn: arn } };
      },
      delete: ({ physicalId }) => network.profiles.delete(physicalId),
    },
    'AWS::EC2::LaunchTemplate': {
      create(request) {
        const id = resourceId('lt');
        const name = text(request.properties, 'LaunchTemplateName') ?? generatedName(request);
        network.templates.put(id, { id, name, versions: [templateData(request)] });
        return {
          physicalId: id,
          attributes: { LaunchTemplateId: id, LatestVersionNumber: '1', DefaultVersionNumber: '1' },
        };
      },
      update(request, { physicalId: id, attributes }) {
        const before = network.templates.get(id);
        if (before === null) throw new Error(`the launch template ${id} is gone`);
        const versions = [...before.versions, templateData(request)];
        network.templates.put(id, { ...before, versions });
        return { physicalId: id, attributes: { ...attributes, LatestVersionNumber: String(versions.length) } };
      },
      delete: ({ physicalId }) => network.templates.delete(physicalId),
    },
    ...groups({ network, subnets, autoscaling }),
    'AWS::Lambda::Function': {
      create: (request) =>
        makeFunction(request, text(request.properties, 'FunctionName') ?? generatedName(request), lambda, assets),
      update: (request, { physicalId }) => makeFunction(request, physicalId, lambda, assets),
      delete: ({ physicalId }) => lambda.deleteFunction(physicalId),
    },
  };
}

function templateData({ properties }: ResourceRequest): LaunchTemplateData {
  return (properties.LaunchTemplateData ?? {}) as LaunchTemplateData;
}

function makeFunction({ properties }: ResourceRequest, name: string, lambda: Lambda, assets: readonly FileAsset[]) {
  const { S3Key } = (properties.Code ?? {}) as { S3Key?: string };
  const asset = assets.find(({ key }) => key === S3Key);
  if (asset === undefined) throw new Error(`its code ${S3Key ?? '(not in S3)'} is not among the assembly's assets`);
  const runtime = text(properties, 'Runtime') ?? '';
  if (!runtime.startsWith('nodejs')) throw new Error(`this home runs Node bundles, not ${runtime}`);
  const { Variables = {} } = (properties.Environment ?? {}) as { Variables?: Record<string, string> };
  const { LogGroup = `/aws/lambda/${name}` } = (properties.LoggingConfig ?? {}) as { LogGroup?: string };
  const { arn } = lambda.createFunction({
    name,
    code: asset.path,
    handler: text(properties, 'Handler') ?? 'index.handler',
    timeoutSeconds: Number(properties.Timeout ?? 3),
    memoryMiB: Number(properties.MemorySize ?? 128),
    variables: Variables,
    roleArn: text(properties, 'Role') ?? '',
    runtime,
    logGroup: LogGroup,
  });
  return { physicalId: name, attributes: { Arn: arn } };
}
