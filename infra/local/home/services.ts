/** Puts the stand-in services together. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type AutoScaling, createAutoScaling } from '../autoscaling/index.ts';
import { type CustomResources, createCustomResources } from '../cloudformation/customResources.ts';
import { createDynamoDb, type DynamoDb } from '../dynamodb/index.ts';
import { createEc2, type Ec2, type Ec2Options } from '../ec2/index.ts';
import { createNetwork, type Network } from '../ec2/launchTemplates.ts';
import { createLambda, type Lambda } from '../lambda/index.ts';
import { createMonitoring, type Monitoring } from '../monitoring/index.ts';
import { createRoute53, type Route53 } from '../route53/index.ts';
import { createS3, type S3 } from '../s3/index.ts';
import { createSsm, type Ssm } from '../ssm/index.ts';
import { createStepFunctions } from '../stepfunctions/index.ts';
import { createSts } from '../sts/index.ts';
import { type Callers, type Credentials, createCallers } from '../wire/callers.ts';
import { startWire, type Wire } from '../wire/server.ts';
import type { HomeContext } from '../wire/service.ts';
import { endpointPort } from './network.ts';

export interface Services {
  readonly callers: Callers;
  readonly operator: Credentials;
  readonly operatorArn: string;
  readonly s3: S3;
  readonly route53: Route53;
  readonly dynamodb: DynamoDb;
  readonly dynamodbClient: DynamoDBClient;
  readonly ec2: Ec2;
  readonly network: Network;
  readonly autoscaling: AutoScaling;
  readonly ssm: Ssm;
  readonly lambda: Lambda;
  readonly monitoring: Monitoring;
  readonly states: ReturnType<typeof createStepFunctions>;
  readonly customResources: CustomResources;
  readonly wire: Wire;
}

/** Opens all services and listens; nothing runs yet. */
export async function openServices(context: HomeContext, beforeBoot?: Ec2Options['beforeBoot']): Promise<Services> {
  const callers = createCallers(context.database);
  const operatorArn = `arn:aws:iam::${context.account}:user/operator`;
  const operator = callers.credentialsOf(operatorArn);
  const s3 = createS3(context);
  const route53 = createRoute53(context);
  const monitoring = createMonitoring(context);
  const ec2 = createEc2(context, { objects: s3.store, callers, ...(beforeBoot && { beforeBoot }) });
  const network = createNetwork(context);
  const autoscaling = createAutoScaling(context, { ec2, specification: network.specification });
  const ssm = createSsm(context, { ec2 });
  const lambda = createLambda(context, { callers, writeLog: monitoring.writeLog });
  const states = createStepFunctions(context, { invokeLambda: lambda.invoke });
  const customResources = createCustomResources(context, lambda);
  const dynamodb = await createDynamoDb(context);
  const wire = await startWire({
    host: `${context.network}.1`,
    port: endpointPort,
    services: [ec2, autoscaling, ssm, states, lambda, createSts(context), ...monitoring.services],
    rawServices: [s3, dynamodb, route53],
    callerOf: callers.callerOf,
    unsigned: customResources.handle,
    log: context.log,
  }).catch(async (error: unknown) => {
    await dynamodb.close();
    throw error;
  });
  const dynamodbClient = new DynamoDBClient({
    endpoint: context.endpoint,
    region: context.region,
    credentials: operator,
  });
  return {
    callers,
    operator,
    operatorArn,
    s3,
    route53,
    dynamodb,
    dynamodbClient,
    ec2,
    network,
    autoscaling,
    ssm,
    lambda,
    monitoring,
    states,
    customResources,
    wire,
  };
}

/** Resumes what ran when the home was closed. */
export async function startServices({ states, ec2, autoscaling }: Services): Promise<void> {
  states.start();
  await ec2.start();
  autoscaling.start();
}

/** Ends every process it started; executions stay where they are. */
export async function closeServices(services: Services): Promise<void> {
  await services.autoscaling.stop();
  await services.states.stop();
  services.lambda.stop();
  await services.ec2.stop();
  services.dynamodbClient.destroy();
  await services.wire.close();
  await services.dynamodb.close();
}
