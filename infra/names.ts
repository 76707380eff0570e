/**
 * The names of what one region's stack knows of another's. They follow from the cluster's name, the account and the region, so that
 * either stack can be deployed first and no policy needs a wildcard for what is not there yet.
 */
import { ArnFormat, type Stack } from 'aws-cdk-lib';

/** Stacks, by what they are of the cluster. */
export const stackNames = {
  home: (cluster: string) => `etcd-${cluster}`,
  other: (cluster: string, region: string) => `etcd-${cluster}-${region}`,
  peering: (cluster: string) => `etcd-${cluster}-peering`,
} as const;

/** In the home region: the cluster record. */
export function tableName(cluster: string): string {
  return `etcd-${cluster}`;
}

/** In the home region. Names of buckets are those of all accounts: up to 63 characters. @param home region */
export function bucketName(cluster: string, home: string, { account }: Stack): string {
  return `etcd-${cluster}-${account}-${home}`;
}

/** In the home region. */
export function signerName(cluster: string): string {
  return `etcd-${cluster}-certificate-signer`;
}

/** In each region. */
export function groupName(cluster: string): string {
  return `etcd-${cluster}`;
}

/** In each region: the Run Command document. */
export function documentName(cluster: string): string {
  return `etcd-${cluster}-agent-command`;
}

/** The role of a region's instances; names of roles are those of the account, in all regions. */
export function memberRoleName(cluster: string, region: string): string {
  return `etcd-${cluster}-members-${region}`;
}

/** In the home region: the agents' metrics of all regions. */
export function metricsLogName(cluster: string): string {
  return `/etcd-appliance/${cluster}`;
}

/** In the home region: the SSM parameter with the id of the hosted zone. */
export function hostedZoneParameter(cluster: string): string {
  return `/etcd-appliance/${cluster}/hosted-zone-id`;
}

/** In the home region: the SSM parameter with the id of a region's VPC. */
export function vpcParameter(cluster: string, region: string): string {
  return `/etcd-appliance/${cluster}/vpcs/${region}`;
}

/** In the home region, by the name that an operator looks for in the console's list. */
export function machineName(cluster: string, machine: string): string {
  return `etcd-${cluster}-${machine}`;
}

/** `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE:NAME` */
export function namedArn(
  scope: Stack,
  service: string,
  region: string,
  resource: string,
  resourceName: string,
): string {
  return scope.formatArn({ service, region, resource, resourceName, arnFormat: ArnFormat.COLON_RESOURCE_NAME });
}
