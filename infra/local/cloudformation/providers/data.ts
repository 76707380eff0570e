/** Tables, buckets, parameters, documents, logs, alarms and state machines. */
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-dynamodb';
import type { Monitoring } from '../../monitoring/index.ts';
import type { ObjectStore } from '../../s3/store.ts';
import type { CommandDocument } from '../../ssm/document.ts';
import type { Ssm } from '../../ssm/index.ts';
import type { Caller, HomeContext, Service } from '../../wire/service.ts';
import { generatedName, type Providers, type ResourceRequest, text } from '../provider.ts';
import { refuseRetained } from '../resources.ts';

export interface DataParts {
  readonly context: HomeContext;
  readonly dynamodb: DynamoDBClient;
  readonly objects: ObjectStore;
  readonly ssm: Ssm;
  readonly monitoring: Monitoring;
  readonly states: Service;
  /** Whom the deployment acts as. */
  readonly caller: Caller;
}

export function data(parts: DataParts): Providers {
  const { context, dynamodb, objects, ssm, monitoring, states, caller } = parts;
  const arn = (service: string, rest: string) => `arn:aws:${service}:${context.region}:${context.account}:${rest}`;
  const call = async (operation: string, input: object) =>
    (await states.operations[operation]?.(input, caller)) as Record<string, string>;
  return {
    'AWS::DynamoDB::Table': {
      async create(request) {
        const name = text(request.properties, 'TableName') ?? generatedName(request);
        const isThere = await hasTable(dynamodb, name);
        refuseRetained(context, request.type, name, isThere);
        // A deployment that broke off after the table was made finds it.
        if (!isThere) await createTable(dynamodb, name, request);
        return { physicalId: name, attributes: { Arn: arn('dynamodb', `table/${name}`) } };
      },
      // Only settings that dynalite does not know can change without a replacement.
      update: (_request, existing) => existing,
      async delete({ physicalId: TableName }) {
        await dynamodb.send(new DeleteTableCommand({ TableName }));
      },
    },
    'AWS::S3::Bucket': {
      create(request) {
        const name = (text(request.properties, 'BucketName') ?? generatedName(request, 63)).toLowerCase();
        refuseRetained(context, request.type, name, objects.hasBucket(name));
        objects.createBucket(name, context.region);
        const domain = `${name}.s3.${context.region}.amazonaws.com`;
        return {
          physicalId: name,
          attributes: { Arn: `arn:aws:s3:::${name}`, DomainName: domain, RegionalDomainName: domain },
        };
      },
      update: (_request, existing) => existing,
      delete: ({ physicalId }) => objects.deleteBucket(physicalId),
    },
    'AWS::SSM::Parameter': {
      create(request) {
        const name = text(request.properties, 'Name') ?? generatedName(request);
        ssm.parameters.put(
          name,
          text(request.properties, 'Type') ?? 'String',
          text(request.properties, 'Value') ?? '',
          true,
        );
        return { physicalId: name, attributes: { Type: request.properties.Type, Value: request.properties.Value } };
      },
      update({ properties }, existing) {
        ssm.parameters.put(
          existing.physicalId,
          text(properties, 'Type') ?? 'String',
          text(properties, 'Value') ?? '',
          true,
        );
        return existing;
      },
      delete: ({ physicalId }) => ssm.parameters.delete(physicalId),
    },
    'AWS::SSM::Document': {
      create(request) {
        const name = text(request.properties, 'Name') ?? generatedName(request);
        ssm.createDocument(name, request.properties.Content as CommandDocument);
        return { physicalId: name, attributes: {} };
      },
      update({ properties }, existing) {
        ssm.createDocument(existing.physicalId, properties.Content as CommandDocument);
        return existing;
      },
      delete: ({ physicalId }) => ssm.deleteDocument(physicalId),
    },
    'AWS::Logs::LogGroup': {
      create(request) {
        const name = text(request.properties, 'LogGroupName') ?? `/${generatedName(request)}`;
        const days = request.properties.RetentionInDays;
        const made = monitoring.createLogGroup(name, days === undefined ? undefined : Number(days));
        return { physicalId: name, attributes: { Arn: `${made}:*` } };
      },
      update: (_request, existing) => existing,
      delete: ({ physicalId }) => monitoring.deleteLogGroup(physicalId),
    },
    'AWS::CloudWatch::Alarm': {
      create(request) {
        const name = text(request.properties, 'AlarmName') ?? generatedName(request);
        return { physicalId: name, attributes: { Arn: monitoring.putAlarm(name, request.properties) } };
      },
      update({ properties }, existing) {
        monitoring.putAlarm(existing.physicalId, properties);
        return existing;
      },
      delete: ({ physicalId }) => monitoring.deleteAlarm(physicalId),
    },
    'AWS::StepFunctions::StateMachine': {
      async create(request) {
        const name = text(request.properties, 'StateMachineName') ?? generatedName(request, 80);
        const made = await call('CreateStateMachine', {
          name,
          definition: definitionOf(request),
          roleArn: request.properties.RoleArn,
        });
        return { physicalId: made.stateMachineArn ?? '', attributes: { Arn: made.stateMachineArn, Name: name } };
      },
      async update(request, existing) {
        await call('UpdateStateMachine', { stateMachineArn: existing.physicalId, definition: definitionOf(request) });
        return existing;
      },
      async delete({ physicalId }) {
        await call('DeleteStateMachine', { stateMachineArn: physicalId });
      },
    },
  };
}

function definitionOf({ properties }: ResourceRequest): string {
  const { DefinitionString, Definition } = properties;
  return typeof DefinitionString === 'string' ? DefinitionString : JSON.stringify(Definition);
}

async function hasTable(dynamodb: DynamoDBClient, TableName: string): Promise<boolean> {
  try {
    await dynamodb.send(new DescribeTableCommand({ TableName }));
    return true;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return false;
    throw error;
  }
}

async function createTable(
  dynamodb: DynamoDBClient,
  TableName: string,
  { properties }: ResourceRequest,
): Promise<void> {
  await dynamodb.send(
    new CreateTableCommand({
      TableName,
      KeySchema: properties.KeySchema as CreateTableCommandInput['KeySchema'],
      AttributeDefinitions: properties.AttributeDefinitions as CreateTableCommandInput['AttributeDefinitions'],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
}
