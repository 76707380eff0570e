/** The shapes of AWS's operations, read from the SDK clients' own runtime schemas rather than from tables of ours. */
import * as autoscaling from '@aws-sdk/client-auto-scaling';
import * as monitoring from '@aws-sdk/client-cloudwatch';
import * as logs from '@aws-sdk/client-cloudwatch-logs';
import * as ec2 from '@aws-sdk/client-ec2';
import * as kms from '@aws-sdk/client-kms';
import * as lambda from '@aws-sdk/client-lambda';
import * as route53 from '@aws-sdk/client-route-53';
import * as states from '@aws-sdk/client-sfn';
import * as ssm from '@aws-sdk/client-ssm';
import * as sts from '@aws-sdk/client-sts';
import { NormalizedSchema } from '@smithy/core/schema';

export type Shape = NormalizedSchema;

export interface OperationShape {
  readonly name: string;
  readonly input: Shape;
  readonly output: Shape;
  /** Method, path pattern, status; only where the protocol is REST. */
  readonly http: readonly [method: string, path: string, status: number] | null;
}

export interface ServiceShape {
  readonly name: string;
  readonly xmlNamespace: string;
  operation(name: string): OperationShape | null;
  /** Every operation with an HTTP route. */
  routes(): readonly OperationShape[];
}

type Module = Readonly<Record<string, unknown>>;

/** Services by the name that signatures carry in their credential scope. S3 and DynamoDB are not decoded here. */
export const serviceShapes: Readonly<Record<string, ServiceShape>> = Object.fromEntries(
  [
    shapeOf('autoscaling', autoscaling, 'http://autoscaling.amazonaws.com/doc/2011-01-01/'),
    shapeOf('ec2', ec2, 'http://ec2.amazonaws.com/doc/2016-11-15/'),
    shapeOf('kms', kms),
    shapeOf('lambda', lambda),
    shapeOf('logs', logs),
    shapeOf('monitoring', monitoring, 'http://monitoring.amazonaws.com/doc/2010-08-01/'),
    shapeOf('route53', route53, 'https://route53.amazonaws.com/doc/2013-04-01/'),
    shapeOf('ssm', ssm),
    shapeOf('states', states),
    shapeOf('sts', sts, 'https://sts.amazonaws.com/doc/2011-06-15/'),
  ].map((shape) => [shape.name, shape]),
);

function shapeOf(name: string, module: Module, xmlNamespace = ''): ServiceShape {
  let routes: readonly OperationShape[] | undefined;
  return {
    name,
    xmlNamespace,
    operation: (operation) => operationShape(module[`${operation}$`]),
    routes() {
      routes ??= Object.values(module)
        .map(operationShape)
        .filter((shape) => shape !== null && shape.http !== null) as OperationShape[];
      return routes;
    },
  };
}

/** A static operation schema is `[9, namespace, name, traits, input, output]` (@smithy/types, StaticOperationSchema). */
function operationShape(schema: unknown): OperationShape | null {
  if (!Array.isArray(schema) || schema[0] !== 9) return null;
  const [, , name, traits, input, output] = schema;
  const http = typeof traits === 'object' && traits !== null && 'http' in traits ? traits.http : null;
  return { name, input: NormalizedSchema.of(input), output: NormalizedSchema.of(output), http };
}
