/** How a resource type is made here. */
import { randomBytes } from 'node:crypto';

export interface ResourceRequest {
  readonly stackName: string;
  readonly logicalId: string;
  readonly type: string;
  /** Evaluated. */
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface Made {
  /** What `Ref` gives. */
  readonly physicalId: string;
  /** What `Fn::GetAtt` gives, by attribute. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface Existing extends Made {
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface Provider {
  create(request: ResourceRequest): Promise<Made> | Made;
  /** Where it is missing, a changed resource is refused. */
  update?(request: ResourceRequest, existing: Existing): Promise<Made> | Made;
  delete?(existing: Existing, request: Omit<ResourceRequest, 'properties'>): Promise<void> | void;
}

export type Providers = Readonly<Record<string, Provider>>;

/** @throws Error where one of the properties changed, for which AWS makes a new resource. */
export function refuseReplacement(
  properties: ResourceRequest['properties'],
  { properties: before }: Existing,
  ...names: readonly string[]
): void {
  const changed = names.find((name) => String(properties[name]) !== String(before[name]));
  if (changed !== undefined)
    throw new Error(`its ${changed} changed, which replaces it on AWS; start over with --fresh`);
}

/** `STACK-LOGICALID-RANDOM`, as CloudFormation names what has no name of its own. */
export function generatedName({ stackName, logicalId }: ResourceRequest, longest = 64): string {
  const suffix = randomBytes(6).toString('hex');
  return `${`${stackName}-${logicalId}`.slice(0, longest - suffix.length - 1)}-${suffix}`;
}

/** An id such as EC2's: `vpc-0123456789abcdef0`. */
export function resourceId(prefix: string): string {
  return `${prefix}-${randomBytes(9).toString('hex').slice(0, 17)}`;
}

export function text(properties: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = properties[name];
  return value === undefined ? undefined : String(value);
}

/** CloudFormation's list of `{ Key, Value }`. */
export function tagsOf(value: unknown): Record<string, string> {
  if (!Array.isArray(value)) return {};
  return Object.fromEntries(value.map(({ Key, Value }: { Key: string; Value: string }) => [Key, String(Value)]));
}
