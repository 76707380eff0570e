/** The task Lambdas, from the catalogue: one function, one role, one log group each. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, type IFunction, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { regionTasks } from '../tasks/catalogue/regions.ts';
import { catalogue } from '../tasks/catalogue.ts';
import { type Grant, grantOf, joined, type Resources } from './permissions.ts';
import { acceptWildcards } from './wildcards.ts';

export interface FunctionProps {
  /** By which other regions know it; absent: CloudFormation makes one. */
  readonly functionName?: string;
  /** Folder with index.mjs. */
  readonly code: string;
  readonly description: string;
  readonly timeoutSeconds: number;
  readonly memoryMiB: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly grant: Grant;
}

/** One function with a role that may write its own logs and do what the grant says. */
export function createFunction(scope: Construct, id: string, props: FunctionProps): LambdaFunction {
  const logGroup = new LogGroup(scope, `${id}Logs`, {
    retention: RetentionDays.SIX_MONTHS,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const role = new Role(scope, `${id}Role`, {
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    description: props.description,
  });
  logGroup.grantWrite(role);
  for (const statement of props.grant.statements) role.addToPolicy(statement);
  acceptWildcards(role, props.grant.wildcards);
  return new LambdaFunction(scope, id, {
    ...(props.functionName !== undefined && { functionName: props.functionName }),
    code: Code.fromAsset(props.code),
    handler: 'index.handler',
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    description: props.description,
    timeout: Duration.seconds(props.timeoutSeconds),
    memorySize: props.memoryMiB,
    environment: { ...props.environment },
    role,
    logGroup,
  });
}

export interface TasksProps {
  /** Task name -> folder with its bundle. */
  readonly bundles: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly resources: Resources;
}

type CataloguedName = keyof typeof catalogue;

/** Every task of the catalogue that a cluster in so many regions has a use for. */
export function createTasks(
  scope: Construct,
  { bundles, environment, resources }: TasksProps,
): Record<CataloguedName, IFunction> {
  const oneRegion = resources.regions.length === 1;
  const names = (Object.keys(catalogue) as CataloguedName[]).filter(
    (name) => !oneRegion || !Object.hasOwn(regionTasks, name),
  );
  const functions = names.map((name) => {
    const { timeoutSeconds, memoryMiB, permissions, inTwoRegions = [] } = catalogue[name];
    const needed = oneRegion ? permissions : [...permissions, ...inTwoRegions];
    const created = createFunction(scope, pascal(name), {
      code: bundles[name] ?? '',
      description: `etcd ${resources.cluster}: ${name}`,
      timeoutSeconds,
      memoryMiB,
      environment,
      grant: joined(...needed.map((permission) => grantOf(permission, resources))),
    });
    return [name, created] as const;
  });
  return Object.fromEntries(functions) as unknown as Record<CataloguedName, IFunction>;
}

function pascal(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
