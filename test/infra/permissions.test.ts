/** What the policies of the synthesized stack allow in the cluster's group, and of its executions. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { synthesizedAssembly } from '../../infra/local/start/assembly.ts';
import { catalogue } from '../../tasks/catalogue.ts';

jest.setTimeout(240_000);

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** Logical id of a policy -> its statements. */
let policies: readonly (readonly [string, readonly Statement[]])[];
beforeAll(async () => {
  const file = join(await synthesizedAssembly({}), 'etcd-etcd.template.json');
  const { Resources } = JSON.parse(readFileSync(file, 'utf8')) as {
    Resources: Record<string, { Type: string; Properties: { PolicyDocument: { Statement: Statement[] } } }>;
  };
  policies = Object.entries(Resources)
    .filter(([, { Type }]) => Type === 'AWS::IAM::Policy')
    .map(([id, { Properties }]) => [id, Properties.PolicyDocument.Statement]);
});

const allowing = (action: RegExp) =>
  policies.flatMap(([policy, statements]) =>
    statements
      .filter(({ Action }) => [Action].flat().some((one) => action.test(one)))
      .map((statement) => ({ policy, statement })),
  );
const tasksThatMay = (action: RegExp) =>
  Object.keys(catalogue).filter((task) =>
    allowing(action).some(({ policy }) => policy.toLowerCase().startsWith(`${task.toLowerCase()}role`)),
  );

describe('whoever changes a group', () => {
  test('may change the one with the cluster’s name and tag and no other', () => {
    const changing = allowing(/^autoscaling:(?!Describe)/);
    expect(changing.length).toBeGreaterThan(4);
    for (const { statement } of changing) {
      expect(statement.Condition).toEqual({
        StringEquals: { 'autoscaling:ResourceTag/etcd-appliance:cluster': 'etcd' },
      });
      expect(JSON.stringify(statement.Resource)).toContain(':autoScalingGroup:*:autoScalingGroupName/etcd-etcd"');
    }
  });

  test.each([
    [/SetDesiredCapacity$/, ['addInstance', 'restoreGroup']],
    [/TerminateInstanceInAutoScalingGroup$/, ['restoreGroup', 'terminateInstance']],
    [/SuspendProcesses$/, ['beginRotation', 'chooseInstance']],
    [/ResumeProcesses$/, ['restoreGroup']],
  ])('%s: only tasks that do it', (action, tasks) => {
    expect(tasksThatMay(action).sort()).toEqual(tasks);
  });
});

test('executions of the cluster’s operations alone are looked at, by those who take a lock over, and by the nested one’s parent', () => {
  const looking = allowing(/^states:DescribeExecution$/).filter(
    ({ policy }) => !/^(RollingUpgrade|MigrateToTls|RotateCertificateAuthority)Role/.test(policy),
  );
  expect(tasksThatMay(/^states:DescribeExecution$/).sort()).toEqual([
    'checkCluster',
    'planAuthorityRotation',
    'planMigration',
    'planUpgrade',
    'takeLock',
  ]);
  for (const { statement } of looking)
    expect(JSON.stringify(statement.Resource)).toMatch(
      /:execution:etcd-etcd-(RotateInstances|RollingUpgrade|MigrateToTls|RotateCertificateAuthority):\*/,
    );
});

test('the bucket’s releases and backups alone are listed, by those who plan an upgrade', () => {
  expect(tasksThatMay(/^s3:ListBucket$/).sort()).toEqual(['chooseHop', 'planUpgrade']);
  const prefixes = ['releases/*', 'backups/*'].map((prefix) => ({ StringLike: { 's3:prefix': prefix } }));
  for (const { statement } of allowing(/^s3:ListBucket$/)) expect(prefixes).toContainEqual(statement.Condition);
});

test('backups are written, by instances alone, and neither read nor deleted by anybody', () => {
  const theirs = allowing(/^s3:/).filter(({ statement }) => JSON.stringify(statement.Resource).includes('/backups/*'));
  expect(theirs.map(({ statement }) => statement.Action)).toEqual([['s3:PutObject', 's3:AbortMultipartUpload']]);
  expect(theirs[0]?.policy).toMatch(/^MemberRole/);
});
