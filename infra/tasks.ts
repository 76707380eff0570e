/** The task Lambdas, from the catalogue: one function, one role, one log group each. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, type IFunction, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { NagSuppressions } from 'cdk-nag';
import type { Construct } from 'constructs';
import { catalogue, type TaskName } from '../tasks/catalogue.ts';
import { type Resources, statementsOf } from './permissions.ts';

export interface FunctionProps {
  /** Folder with index.mjs. */
  readonly code: string;
  readonly description: string;
  readonly timeoutSeconds: number;
  readonly memoryMiB: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly statements: readonly PolicyStatement[];
}

/** One function with a role that may write its own logs and do what the statements say. */
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
  for (const statement of props.statements) role.addToPolicy(statement);
  NagSuppressions.addResourceSuppressions(
    role,
    [
      {
        id: 'AwsSolutions-IAM5',
        reason: 'Each wildcard is beside its statement in infra/permissions.ts, with its reason.',
      },
    ],
    true,
  );
  return new LambdaFunction(scope, id, {
    code: Code.fromAsset(props.code),
    handler: 'index.handler',
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    description: props.description,
    timeout: Duration.seconds(props.timeoutSeconds),
    memorySize: props.memoryMiB,
    environment: { ...props.environment, NODE_OPTIONS: '--enable-source-maps' },
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
      statements: permissions.flatMap((permission) => statementsOf(permission, resources)),
    });
    return [name, created] as const;
  });
  return Object.fromEntries(functions) as unknown as Record<TaskName, IFunction>;
}

function pascal(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
