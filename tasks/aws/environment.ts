/** What the stack tells a task, read once. */

/** @throws Error where the deployment did not set it. */
export function environment(name: EnvironmentName): string {
  const value = process.env[name];
  if (value === undefined || value === '')
    throw new Error(`the environment variable ${name} is not set: deploy the stack again`);
  return value;
}

/** How long a member may take to become healthy, in milliseconds. @throws Error as `environment` */
export function memberHealthyTimeoutMs(): number {
  return Number(environment('MEMBER_HEALTHY_TIMEOUT_SECONDS')) * 1000;
}

export type EnvironmentName =
  | 'CLUSTER'
  | 'TABLE'
  | 'GROUP'
  | 'REGIONS'
  | 'REGION_MEMBERS'
  | 'DOCUMENT'
  | 'ETCD_VERSION'
  | 'MEMBERS'
  | 'TLS'
  | 'INSTANCES_IN_SERVICE_TIMEOUT_SECONDS'
  | 'MEMBER_HEALTHY_TIMEOUT_SECONDS'
  | 'STATE_MACHINE'
  | 'BUCKET'
  | 'INSTANCE_ROLES'
  | 'CERTIFICATE_KEYS'
  | 'CERTIFICATE_GENERATION'
  | 'CERTIFICATE_DAYS'
  | 'DOMAIN';
