/** The role of a state machine, which its executions act as. */
import { createHash } from 'node:crypto';
import { roleNameOf, sessionArn } from '../iam/access.ts';
import type { ExecutionRow } from './executionStore.ts';

/** Step Functions names its sessions by 32 letters that say nothing; here they are the same for all calls of an execution. */
export function sessionOf({ arn, roleArn }: Pick<ExecutionRow, 'arn' | 'roleArn'>): { readonly arn: string } {
  const account = arn.split(':')[4] ?? '';
  const letters = createHash('sha256')
    .update(arn)
    .digest('base64')
    .replace(/[^A-Za-z]/g, 'x')
    .slice(0, 32);
  return { arn: sessionArn(account, roleNameOf(roleArn), letters) };
}
