/** What each call of a stand-in service needs to be allowed: a row per operation. Pure. */

import { AwsError } from '../wire/service.ts';
import { autoscalingActions } from './actions/autoscaling.ts';
import { dynamodbActions } from './actions/dynamodb.ts';
import { ec2Actions } from './actions/ec2.ts';
import { eventsActions } from './actions/events.ts';
import { kmsActions } from './actions/kms.ts';
import { lambdaActions } from './actions/lambda.ts';
import { logsActions } from './actions/logs.ts';
import { monitoringActions } from './actions/monitoring.ts';
import { route53Actions } from './actions/route53.ts';
import type { Row } from './actions/row.ts';
import { ssmActions } from './actions/ssm.ts';
import { statesActions } from './actions/states.ts';
import { stsActions } from './actions/sts.ts';
import type { AccessRequest } from './evaluate.ts';
import type { Facts } from './facts.ts';

/** Service, as in the credential scope -> operation -> what it needs. S3 goes by method and path (actions/s3.ts). */
export const actions: Readonly<Record<string, Readonly<Record<string, Row>>>> = {
  autoscaling: autoscalingActions,
  dynamodb: dynamodbActions,
  ec2: ec2Actions,
  events: eventsActions,
  kms: kmsActions,
  lambda: lambdaActions,
  logs: logsActions,
  monitoring: monitoringActions,
  route53: route53Actions,
  ssm: ssmActions,
  states: statesActions,
  sts: stsActions,
};

/** @throws AwsError where the operation has no row: what nobody thought about is not allowed either */
export function requestsOf(service: string, operation: string, input: unknown, facts: Facts): readonly AccessRequest[] {
  const row = actions[service]?.[operation];
  if (row === undefined)
    throw new AwsError('UnknownOperationException', `This home does not know what ${service} ${operation} needs.`);
  return row(input, facts);
}
