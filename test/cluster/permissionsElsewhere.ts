/** What is granted and nothing can need on this machine, and why it is granted all the same. */

const machines = [
  'ClusterBootstrap',
  'RotateInstances',
  'UpgradeHop',
  'RollingUpgrade',
  'MigrateToTls',
  'RotateCertificateAuthority',
  'ReconfigureMembers',
  'MultiregionMigration',
];
const ofMachine = (granted: string) => new RegExp(`^(${machines.join('|')})Role\\w* ${granted}`);

/** Of `nameOf`. */
export const elsewhere: readonly { readonly of: RegExp; readonly why: string }[] = [
  { of: /^VpcFlowsIAMRole\w* logs:/, why: 'Flow logs of the VPC: this machine has no VPC.' },
  {
    of: ofMachine('(logs:\\w*(LogDeliver\\w+|ResourcePolic\\w+)|logs:DescribeLogGroups) '),
    why: "Step Functions' log delivery (CDK, developer guide: Logging using CloudWatch Logs): the stand-in delivers no logs.",
  },
  {
    of: ofMachine('xray:'),
    why: "Step Functions' traces (CDK, developer guide: X-Ray and Step Functions): the stand-in makes none.",
  },
  {
    of: ofMachine('lambda:InvokeFunction on .*:\\*$'),
    why: 'Versions of a task (CDK: LambdaInvoke grants them with the function): there are none here.',
  },
  {
    of: /^MemberRole\w* ssm:Get(Document|Parameters?) /,
    why: "AmazonSSMManagedInstanceCore, for Systems Manager's own agent, which makes no calls here.",
  },
  {
    of: /^CheckRegionsRole\w* autoscaling:DescribeAutoScalingGroups /,
    why: 'A deployment that leaves a region out: test/cluster/regionConversion.test.ts, test/tasks/deploy/checkRegions.test.ts.',
  },
  {
    of: /^MemberRole\w* s3:AbortMultipartUpload /,
    why: 'A backup of more than 5 GiB that fails in the middle: test/agent/machine/awsMultipart.test.ts.',
  },
];
