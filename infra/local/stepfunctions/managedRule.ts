/**
 * The EventBridge rule by which Step Functions hears of the end of nested executions (developer guide: IAM policies for nested
 * Step Functions calls). Here nothing is made, but a role that could not have it made is refused, as on AWS.
 */
import { AwsError } from '../wire/service.ts';
import type { Engine } from './engine.ts';
import { sessionOf } from './role.ts';

const rule = 'StepFunctionsGetEventsForStepFunctionsExecutionRule';
const needed = ['PutTargets', 'PutRule', 'DescribeRule'] as const;

/** @throws AwsError where a machine waits for nested executions and its role may not have the rule made */
export function requireManagedRule(engine: Engine, arn: string, roleArn: string, definition: string): void {
  if (!definition.includes('states:startExecution.sync')) return;
  try {
    for (const operation of needed) engine.authorize(sessionOf({ arn, roleArn }), 'events', operation, { Name: rule });
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw new AwsError(error.code, `'${roleArn}' is not authorized to create managed-rule.`, error.statusCode);
  }
}
