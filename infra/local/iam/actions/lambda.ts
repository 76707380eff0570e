/** AWS Lambda (Service Authorization Reference: list_awslambda). */
import type { AccessRequest } from '../evaluate.ts';
import { arnIn, type Facts } from '../facts.ts';
import { on, onAnything, onResource, type Row } from './row.ts';

interface Input {
  readonly FunctionName?: string;
}

/** By name or ARN. */
const functionArn = ({ FunctionName = '' }: Input, facts: Facts) =>
  FunctionName.startsWith('arn:') ? FunctionName : arnIn(facts, 'lambda', `function:${FunctionName}`);

export const lambdaActions: Readonly<Record<string, Row>> = {
  Invoke: (input: Input, facts) => [on('lambda:InvokeFunction', functionArn(input, facts))],
  ...onResource('lambda', functionArn, 'GetFunction', 'GetFunctionConfiguration'),
  GetFunctionUrlConfig: (input: Input, facts) => [
    on('lambda:GetFunctionUrlConfig', functionArn(input, facts), { 'lambda:FunctionUrlAuthType': ['AWS_IAM'] }),
  ],
  ...onAnything('lambda', 'ListFunctions'),
};

/** A request to a function's URL needs both (developer guide: Control access to Lambda function URLs). */
export function urlRequests(functionArn: string): readonly AccessRequest[] {
  return [
    on('lambda:InvokeFunctionUrl', functionArn, { 'lambda:FunctionUrlAuthType': ['AWS_IAM'] }),
    on('lambda:InvokeFunction', functionArn, { 'lambda:InvokedViaFunctionUrl': ['true'] }),
  ];
}
