/** What the instances may do, of either region: their role is the agent's. */
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { metricsLogName, namedArn, signerName } from './names.ts';
import { type Grant, joined, ofGroups, onAnything, ownItems, type Resources } from './permissions.ts';
import { type AcceptedWildcard, acceptWildcards } from './wildcards.ts';

/** @param own the region of these instances; all else that they call is in the first of `resources.regions` */
export function grantToAgents(role: Role, own: string, resources: Resources): void {
  const grant = joined(
    onAnything(
      "EC2's and Auto Scaling's Describe calls know no resources.",
      'ec2:DescribeInstances',
      'autoscaling:DescribeAutoScalingGroups',
    ),
    // Each instance says that it has left; the leader's agent resumes what a rotation left suspended in whichever region.
    ofGroups(resources, [own], 'autoscaling:CompleteLifecycleAction'),
    ofGroups(resources, resources.regions, 'autoscaling:ResumeProcesses'),
    { statements: [ownItems(resources, 'dynamodb:GetItem', 'dynamodb:PutItem')], wildcards: [] },
    onAnything(
      'A task token is the permission: these calls know no resources.',
      'states:SendTaskSuccess',
      'states:SendTaskFailure',
      'states:SendTaskHeartbeat',
    ),
    objects(resources),
    { statements: asking(resources), wildcards: [] },
    metrics(resources),
  );
  for (const statement of grant.statements) role.addToPolicy(statement);
  acceptWildcards(role, grant.wildcards);
}

/** The bucket's agent and releases, and where backups go. */
function objects({ bucket }: Resources): Grant {
  return {
    statements: [
      new PolicyStatement({
        actions: ['s3:GetObject'],
        resources: [bucket.arnForObjects('agent/*'), bucket.arnForObjects('releases/*')],
      }),
      // Big backups are sent in parts; an upload that fails is given up.
      new PolicyStatement({
        actions: ['s3:PutObject', 's3:AbortMultipartUpload'],
        resources: [bucket.arnForObjects('backups/*')],
      }),
    ],
    wildcards: [
      ...['agent', 'releases'].map((folder) => ({
        resource: below(folder),
        reason: `Bundles and releases come and go under ${folder}/; instances read any of them.`,
      })),
      {
        resource: below('backups'),
        reason: 'A backup is named after its time and operation; instances write them and read none.',
      },
    ],
  };
}

/** As cdk-nag names the objects of a folder of the bucket, from its own stack and from another. */
function below(folder: string): AcceptedWildcard['resource'] {
  return new RegExp(`^Resource::(<Bucket\\w+\\.Arn>|arn:<AWS::Partition>:s3:::etcd-[^/]+)/${folder}/\\*$`);
}

/**
 * To find the certificate signer's URL, and to ask it. A function URL asks for both actions (Lambda developer guide: Control access to
 * Lambda function URLs). The second condition is what the signer relies on: whoever could invoke it without its URL could write into
 * the event whoever it likes to be.
 */
function asking({ cluster, regions: [home = ''], scope }: Resources): readonly PolicyStatement[] {
  const resources = [namedArn(scope, 'lambda', home, 'function', signerName(cluster))];
  return [
    new PolicyStatement({ actions: ['lambda:GetFunctionUrlConfig'], resources }),
    new PolicyStatement({
      actions: ['lambda:InvokeFunctionUrl'],
      resources,
      conditions: { StringEquals: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' } },
    }),
    new PolicyStatement({
      actions: ['lambda:InvokeFunction'],
      resources,
      conditions: { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } },
    }),
  ];
}

/** CloudWatch makes metrics of what is written there; agents may do nothing else with it, and with no other group. */
function metrics({ cluster, regions: [home = ''], scope }: Resources): Grant {
  return {
    statements: [
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [namedArn(scope, 'logs', home, 'log-group', `${metricsLogName(cluster)}:*`)],
      }),
    ],
    wildcards: [
      {
        resource: /^Resource::arn:<AWS::Partition>:logs:.*:log-group:\/etcd-appliance\/[\w-]+:\*$/,
        reason: "The streams of the agents' metrics are named after instances.",
      },
    ],
  };
}
