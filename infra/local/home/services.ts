/** Puts the stand-in services together. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type AutoScaling, createAutoScaling } from '../autoscaling/index.ts';
import { type CustomResources, createCustomResources } from '../cloudformation/customResources.ts';
import { type DnsServer, startDns } from '../dns/index.ts';
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
import { createDisturbances, type Disturbances } from '../wire/disturbances.ts';
import { startWire, type Wire } from '../wire/server.ts';
import type { HomeContext } from '../wire/service.ts';
import { endpointPort } from './network.ts';

export interface Services {
  readonly callers: Callers;
  readonly operator: Credentials;
  readonly operatorArn: string;
  readonly s3: S3;
  readonly route53: Route53;
  /** Answers for the zones of route53. */
  readonly dns: DnsServer;
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
  /** Faults at the wire, for tests and rehearsals. */
  readonly disturbances: Disturbances;
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
  // An address of its own, for port 53; macOS has only those that were added.
  const dns = await startDns({
    addresses: [`${context.network}.2`, `${context.network}.1`],
    zones: route53.zones.all,
    log: context.log,
  });
  const services = [ec2, autoscaling, ssm, states, lambda, createSts(context), ...monitoring.services];
  const rawServices = [s3, dynamodb, route53];
  const disturbances = createDisturbances([...services, ...rawServices].map(({ name }) => name));
  const wire = await startWire({
    host: `${context.network}.1`,
    port: endpointPort,
    services,
    rawServices,
    disturbances,
    callerOf: callers.callerOf,
    unsigned: customResources.handle,
    log: context.log,
  }).catch(async (error: unknown) => {
    await dns.close();
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
    dns,
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
    disturbances,
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
  await services.dns.close();
  await services.dynamodb.close();
}
