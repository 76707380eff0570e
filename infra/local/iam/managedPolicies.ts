/** AWS's managed policies that templates name, as far as calls of this home fall under them. */
import type { Statement } from './policy.ts';

const anything = (...actions: string[]): Statement => ({ effect: 'Allow', actions, resources: ['*'], conditions: [] });

/**
 * By name, from the AWS Managed Policy Reference Guide. What else they allow (`ssmmessages:*` and `ec2messages:*` channels,
 * inventory, associations) is called by Systems Manager's own agent, for which this home has a stand-in without calls.
 */
const policies: Readonly<Record<string, readonly Statement[]>> = {
  AmazonSSMManagedInstanceCore: [anything('ssm:GetDocument', 'ssm:GetParameter', 'ssm:GetParameters')],
  AWSLambdaBasicExecutionRole: [anything('logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents')],
};

/** @param arn `arn:aws:iam::aws:policy/NAME` @throws TypeError where it is not written down here */
export function managedPolicy(arn: string): readonly Statement[] {
  const name = arn.split('/').at(-1) ?? '';
  const found = policies[name];
  if (found === undefined)
    throw new TypeError(`${arn} is not written down in this home; it has ${Object.keys(policies).join(', ')}`);
  return found;
}
