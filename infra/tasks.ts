/** The task Lambdas, from the catalogue: one function, one role, one log group each. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, type IFunction, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { catalogue, type TaskName } from '../tasks/catalogue.ts';
import { type Grant, grantOf, joined, type Resources } from './permissions.ts';
import { acceptWildcards } from './wildcards.ts';

export interface FunctionProps {
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

/** Every task of the catalogue. */
export function createTasks(
  scope: Construct,
  { bundles, environment, resources }: TasksProps,
): Record<TaskName, IFunction> {
  const names = Object.keys(catalogue) as TaskName[];
  const functions = names.map((name) => {
    const { timeoutSeconds, memoryMiB, permissions } = catalogue[name];
    const created = createFunction(scope, pascal(name), {
      code: bundles[name] ?? '',
      description: `etcd ${resources.cluster}: ${name}`,
      timeoutSeconds,
      memoryMiB,
      environment,
      grant: joined(...permissions.map((permission) => grantOf(permission, resources))),
    });
    return [name, created] as const;
  });
  return Object.fromEntries(functions) as unknown as Record<TaskName, IFunction>;
}

function pascal(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
