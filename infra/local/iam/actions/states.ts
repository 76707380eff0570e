/** AWS Step Functions (Service Authorization Reference: list_awsstepfunctions). */
import { arnIn } from '../facts.ts';
import { onAnything, onResource, type Row } from './row.ts';

interface Input {
  readonly name?: string;
  readonly stateMachineArn?: string;
  readonly executionArn?: string;
  readonly resourceArn?: string;
}

export const statesActions: Readonly<Record<string, Row>> = {
  // Of task tokens AWS has been seen to name the state machine where it refused; policies that name no resource suit both.
  ...onAnything('states', 'ListStateMachines', 'SendTaskFailure', 'SendTaskHeartbeat', 'SendTaskSuccess'),
  ...onResource(
    'states',
    ({ stateMachineArn = '' }: Input) => stateMachineArn,
    'DeleteStateMachine',
    'DescribeStateMachine',
    'ListExecutions',
    'StartExecution',
    'UpdateStateMachine',
  ),
  ...onResource(
    'states',
    ({ executionArn = '' }: Input) => executionArn,
    'DescribeExecution',
    'DescribeStateMachineForExecution',
    'GetExecutionHistory',
    'StopExecution',
  ),
  ...onResource(
    'states',
    ({ name = '' }: Input, facts) => arnIn(facts, 'states', `stateMachine:${name}`),
    'CreateStateMachine',
  ),
  ...onResource('states', ({ resourceArn = '' }: Input) => resourceArn, 'ListTagsForResource'),
};
