/** Puts the stand-in services of one region together. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type AutoScaling, createAutoScaling } from '../autoscaling/index.ts';
import { type CustomResources, createCustomResources } from '../cloudformation/customResources.ts';
import { restoreIdentity } from '../cloudformation/providers/identity.ts';
import { made } from '../cloudformation/resources.ts';
import { createDynamoDb, type DynamoDb } from '../dynamodb/index.ts';
import { createEc2, type Ec2, type Ec2Options } from '../ec2/index.ts';
import { createNetwork, type Network } from '../ec2/launchTemplates.ts';
import { createVpcs, type Vpcs } from '../ec2/vpc/records.ts';
import { urlRequests } from '../iam/actions/lambda.ts';
import { reading } from '../iam/actions/s3.ts';
import { factsOf } from '../iam/facts.ts';
import { guardedS3 } from '../iam/guardedS3.ts';
import { requestsOf } from '../iam/requests.ts';
import { createKms, type Kms } from '../kms/index.ts';
import { createLambda, type Lambda } from '../lambda/index.ts';
import { createFunctionUrls, type FunctionUrls } from '../lambda/urls.ts';
import { createMonitoring, type Monitoring } from '../monitoring/index.ts';
import { inItsRegion } from '../s3/elsewhere.ts';
import { createSsm, type Ssm } from '../ssm/index.ts';
import { createStepFunctions, type StepFunctions } from '../stepfunctions/index.ts';
import type { RegionOnWire } from '../wire/regions.ts';
import type { Authorize, HomeContext } from '../wire/service.ts';
import { offerReleases } from './releases.ts';
import type { SharedServices } from './shared.ts';

export interface RegionalServices {
  readonly dynamodb: DynamoDb;
  readonly dynamodbClient: DynamoDBClient;
  readonly ec2: Ec2;
  readonly network: Network;
  readonly vpcs: Vpcs;
  readonly autoscaling: AutoScaling;
  readonly ssm: Ssm;
  readonly kms: Kms;
  readonly lambda: Lambda;
  readonly functionUrls: FunctionUrls;
  readonly monitoring: Monitoring;
  readonly states: StepFunctions;
  readonly customResources: CustomResources;
}

export interface Regional {
  readonly services: RegionalServices;
  readonly onWire: RegionOnWire;
}

/** Opens all services of a region; nothing runs yet. */
export async function openRegional(
  context: HomeContext,
  shared: SharedServices,
  beforeBoot?: Ec2Options['beforeBoot'],
): Promise<Regional> {
  const { callers, operator, roles, access, s3, disturbances } = shared;
  const { region } = context;
  restoreIdentity(roles, made(context));
  const authorize: Authorize = (caller, service, operation, input) =>
    access.require(caller, service, requestsOf(service, operation, input, facts), region);
  const monitoring = createMonitoring(context);
  shared.links.addRegion(region, context.network);
  const vpcs = createVpcs(context);
  shared.vpcsOf.set(region, vpcs);
  const ec2 = createEc2(context, {
    links: shared.links,
    objects: s3.store,
    callers,
    mayRead: (arn, bucket, key) => access.require({ arn }, 's3', [reading(bucket, key)], region),
    ...(beforeBoot && { beforeBoot }),
    networks: {
      vpcs,
      peerings: shared.peerings,
      vpcIn: (other, vpcId) => shared.vpcsOf.get(other)?.vpcs.get(vpcId) ?? null,
    },
  });
  const network = createNetwork(context, shared.profiles);
  const autoscaling = createAutoScaling(context, { ec2, specification: network.specification });
  const kms = createKms(context);
  const facts = factsOf(context, { ec2, autoscaling, keys: kms.keys, vpcs, peerings: shared.peerings });
  const ssm = createSsm(context, { ec2 });
  const lambda = createLambda(context, {
    callers,
    writeLog: monitoring.writeLog,
    mayLog: ({ arn, operation, group: logGroupName, stream: logStreamName }) =>
      requestsOf('logs', operation, { logGroupName, logStreamName }, facts).every((request) =>
        access.allows({ arn }, 'logs', request),
      ),
  });
  const states = createStepFunctions(context, {
    authorize,
    async invokeLambda(FunctionName, payload, _signal, as) {
      authorize(as, 'lambda', 'Invoke', { FunctionName });
      return lambda.invoke(FunctionName, payload);
    },
  });
  const functionUrls = createFunctionUrls(context, {
    lambda,
    callers,
    disturbances,
    mayInvoke: (caller, functionArn) => access.require(caller, 'lambda', urlRequests(functionArn), region),
  });
  const customResources = createCustomResources(context, lambda);
  const dynamodb = await createDynamoDb(context, authorize);
  const dynamodbClient = new DynamoDBClient({ endpoint: context.endpoint, region, credentials: operator });
  for (const { type, physicalId } of made(context))
    if (type === 'AWS::S3::Bucket') offerReleases(context, s3.store, physicalId);
  return {
    services: {
      dynamodb,
      dynamodbClient,
      ec2,
      network,
      vpcs,
      autoscaling,
      ssm,
      kms,
      lambda,
      functionUrls,
      monitoring,
      states,
      customResources,
    },
    onWire: {
      services: [ec2, autoscaling, ssm, states, kms, lambda, ...monitoring.services],
      rawServices: [inItsRegion(guardedS3(s3, access), s3.store), dynamodb],
      authorize,
    },
  };
}

/** Resumes what ran when the home was closed. */
export async function startRegional({ states, ec2, autoscaling }: RegionalServices): Promise<void> {
  states.start();
  await ec2.start();
  autoscaling.start();
}

/** Ends every process it started; executions stay where they are. */
export async function stopRegional({ autoscaling, states, lambda, ec2 }: RegionalServices): Promise<void> {
  await autoscaling.stop();
  await states.stop();
  lambda.stop();
  await ec2.stop();
}

/** What answers calls to the end. */
export async function closeRegional({ dynamodbClient, dynamodb }: RegionalServices): Promise<void> {
  dynamodbClient.destroy();
  await dynamodb.close();
}
