/** Region, credentials and endpoint are those of the process's environment, as for any AWS tool. */
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { Fault } from '#etcd/faults.ts';
import type { Outputs } from './outputs.ts';

/** @throws Fault `InvalidInput` where there is no such stack */
export async function outputsOfStack(StackName: string): Promise<Outputs> {
  const { Stacks } = await new CloudFormationClient({})
    .send(new DescribeStacksCommand({ StackName }))
    .catch((error: Error) => {
      if (!/does not exist/.test(error.message)) throw error;
      const help = 'look it up with: aws cloudformation describe-stacks --query Stacks[].StackName';
      throw new Fault('InvalidInput', `--stack is '${StackName}', which is not in this account and region; ${help}`);
    });
  const outputs = Stacks?.[0]?.Outputs ?? [];
  return Object.fromEntries(outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));
}
