import { describe, expect, test } from '@jest/globals';
import { restoreIdentity } from '../../../../infra/local/cloudformation/providers/identity.ts';
import { createRoles } from '../../../../infra/local/iam/roles.ts';

const document = (Action: string) => ({ Statement: [{ Effect: 'Allow', Action, Resource: '*' }] });
const inline = (...Roles: string[]) => ({ PolicyDocument: document('s3:GetObject'), Roles });

describe('the statements of a role', () => {
  test('are those in it, those attached to it, and those of managed policies', () => {
    const roles = createRoles();
    const own = 'arn:aws:iam::123456789012:policy/own';
    roles.putPolicy(own, { PolicyDocument: document('sqs:SendMessage') });
    roles.putRole('task', {
      Policies: [{ PolicyName: 'inside', PolicyDocument: document('ec2:DescribeInstances') }],
      ManagedPolicyArns: ['arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore', own],
    });
    roles.putPolicy('attached', inline('task', 'other'));
    expect(roles.statementsOf('task')?.map(({ actions }) => actions[0])).toEqual([
      'ec2:DescribeInstances',
      's3:GetObject',
      'ssm:GetDocument',
      'sqs:SendMessage',
    ]);
    roles.deletePolicy('attached');
    expect(roles.statementsOf('task')?.map(({ actions }) => actions[0])).not.toContain('s3:GetObject');
    roles.deleteRole('task');
    expect(roles.statementsOf('task')).toBeNull();
  });

  test('a managed policy that is not written down is refused by name', () => {
    const ManagedPolicyArns = ['arn:aws:iam::aws:policy/AdministratorAccess'];
    expect(() => createRoles().putRole('task', { ManagedPolicyArns })).toThrow('AdministratorAccess');
  });

  test('are those that the stacks of the home have, whenever it is opened', () => {
    const roles = createRoles();
    restoreIdentity(roles, [
      { type: 'AWS::IAM::Policy', physicalId: 'attached', properties: inline('task') },
      { type: 'AWS::IAM::Role', physicalId: 'task', properties: {} },
      { type: 'AWS::S3::Bucket', physicalId: 'bucket', properties: {} },
    ]);
    expect(roles.statementsOf('task')).toMatchObject([{ policy: 'attached', actions: ['s3:GetObject'] }]);
  });
});
