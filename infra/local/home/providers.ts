/** What makes the resources of stacks in a region. */
import type { FileAsset } from '../cloudformation/assembly.ts';
import type { Providers } from '../cloudformation/provider.ts';
import { compute } from '../cloudformation/providers/compute.ts';
import { data } from '../cloudformation/providers/data.ts';
import { dns } from '../cloudformation/providers/dns.ts';
import { functionUrlProviders } from '../cloudformation/providers/functionUrls.ts';
import { identity } from '../cloudformation/providers/identity.ts';
import { keyProviders } from '../cloudformation/providers/keys.ts';
import { names } from '../cloudformation/providers/names.ts';
import { networkProviders } from '../cloudformation/providers/network.ts';
import type { HomeRegion } from './regions.ts';

/**
 * @param types of the stack's resources: custom ones have names of their own
 * @param assets with the code of its functions
 */
export function providersOf(
  { context, services }: HomeRegion,
  types: readonly string[],
  assets: readonly FileAsset[],
): Providers {
  const { network, vpcs, autoscaling, lambda, dynamodbClient, s3, ssm, monitoring, states } = services;
  const { account } = context;
  const caller = services.callers.callerOf(services.operator.accessKeyId);
  const custom = services.customResources.provider;
  return {
    ...names,
    ...networkProviders(vpcs, services.peerings),
    ...compute({ network, subnets: vpcs.subnets, autoscaling, lambda, account, assets }),
    ...dns(services.route53.zones),
    ...keyProviders(services.kms.keys),
    ...functionUrlProviders(services.functionUrls),
    ...identity(services.roles, account),
    ...data({ context, dynamodb: dynamodbClient, objects: s3.store, ssm, monitoring, states, caller }),
    ...Object.fromEntries(types.filter((type) => type.startsWith('Custom::')).map((type) => [type, custom])),
    'AWS::CloudFormation::CustomResource': custom,
  };
}
