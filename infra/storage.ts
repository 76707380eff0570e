/**
 * The cluster's bucket: the agent's bundles, etcd releases where instances cannot reach the official ones, backups. Backups do
 * not expire: what they are worth nobody but the operator knows. What was replaced or deleted can be had back for a month.
 * Parts of a backup whose instance was gone before they were put together go after a day.
 */
import { Duration, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { NagSuppressions } from 'cdk-nag';
import { bucketName } from './names.ts';

export function createBucket(scope: Stack, cluster: string): Bucket {
  const bucket = new Bucket(scope, 'Bucket', {
    bucketName: bucketName(cluster, scope.region, scope),
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    versioned: true,
    lifecycleRules: [
      { noncurrentVersionExpiration: Duration.days(30), abortIncompleteMultipartUploadAfter: Duration.days(1) },
    ],
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  NagSuppressions.addResourceSuppressions(bucket, [
    {
      id: 'AwsSolutions-S1',
      reason:
        'It holds public releases and our own bundles, which are checked by SHA-256, and backups, which instances cannot read; CloudTrail data events can be turned on where reads must be known.',
    },
  ]);
  return bucket;
}
