/**
 * The cluster's certificate authority: its keys in KMS, the function that alone signs with them, and the URL at which instances
 * ask it for certificates.
 */
import { CfnCustomResource, CfnDeletionPolicy, Duration, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { AccountRootPrincipal, ArnPrincipal, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { type CfnKey, Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import { FunctionUrlAuthType, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { authorityPartition } from '#etcd/authorityRecord.ts';
import { clusterDomain } from '#etcd/dnsRecords.ts';
import { keptGenerations } from '../tasks/plan/authority.ts';
import { changeOnlyAfter, functionAndPolicy } from './checks.ts';
import { memberRoleName, signerName } from './names.ts';
import { grantOf, itemsOf, joined, type Resources } from './permissions.ts';
import type { Settings } from './settings.ts';
import { createFunction } from './tasks.ts';

/** Name -> entry of the functions that are deployed for themselves. */
export const certificateTasks = {
  signCertificates: 'certificates/signCertificates',
  checkAuthority: 'deploy/checkAuthority',
} as const;

export interface CertificateProps {
  readonly settings: Settings;
  /** Name -> folder, of `certificateTasks`. */
  readonly bundles: Readonly<Record<string, string>>;
  readonly zoneName: string;
  readonly resources: Resources;
}

/** @returns the signer: instances ask it by its URL, operators and RotateCertificateAuthority invoke it */
export function createCertificateAuthority(scope: Stack, props: CertificateProps): LambdaFunction {
  const { settings, resources } = props;
  const { cluster, certificateAuthorityGeneration: generation } = settings;
  const keys = keptGenerations(generation).map((one) => createKey(scope, cluster, one));
  const ofKeys = {
    CERTIFICATE_KEYS: keys.map(({ keyArn }) => keyArn).join(),
    CERTIFICATE_GENERATION: String(generation),
  };
  const check = checkAuthority(scope, props.bundles.checkAuthority ?? '', resources, ofKeys);
  const signer = createFunction(scope, 'SignCertificates', {
    functionName: signerName(cluster),
    code: props.bundles.signCertificates ?? '',
    description: `etcd ${cluster}: signs the certificates of its instances`,
    timeoutSeconds: 20,
    memoryMiB: 512,
    environment: {
      CLUSTER: cluster,
      TABLE: resources.table.tableName,
      DOMAIN: clusterDomain(cluster, props.zoneName).slice(0, -1),
      INSTANCE_ROLES: memberSessions(resources),
      REGIONS: resources.regions.join(),
      ...ofKeys,
      CERTIFICATE_DAYS: String(settings.certificateDays),
    },
    grant: joined(grantOf('describeInstances', resources), grantOf('describeGroup', resources), {
      statements: signing(keys, resources),
      wildcards: [],
    }),
  });
  for (const key of keys) allowSigning(key, signer);
  // Until the check has let the deployment through, the signer goes on with the keys that it has.
  changeOnlyAfter(check, ...functionAndPolicy(signer));
  signer.addFunctionUrl({ authType: FunctionUrlAuthType.AWS_IAM });
  return signer;
}

/**
 * A custom resource that fails the deployment, which is then rolled back, where it takes a key away that is in use:
 * CloudFormation deletes what is gone from a template only after all else has succeeded.
 */
function checkAuthority(
  scope: Stack,
  code: string,
  { table, cluster }: Resources,
  ofKeys: Readonly<Record<'CERTIFICATE_KEYS' | 'CERTIFICATE_GENERATION', string>>,
): CfnCustomResource {
  const check = createFunction(scope, 'CheckAuthority', {
    code,
    description: `etcd ${cluster}: refuses a deployment without a key that its certificate authority has`,
    timeoutSeconds: 60,
    memoryMiB: 256,
    environment: { CLUSTER: cluster, TABLE: table.tableName },
    grant: { statements: [itemsOf(authorityPartition(cluster), table, 'dynamodb:GetItem')], wildcards: [] },
  });
  const resource = new CfnCustomResource(scope, 'AuthorityCheck', {
    serviceToken: check.functionArn,
    serviceTimeout: 120,
  });
  resource.addOverride('Type', 'Custom::AuthorityCheck');
  resource.addPropertyOverride('Keys', ofKeys.CERTIFICATE_KEYS);
  resource.addPropertyOverride('Generation', ofKeys.CERTIFICATE_GENERATION);
  if (check.role) resource.node.addDependency(check.role);
  return resource;
}

/**
 * Each generation has a key of its own, which stays untouched while a deployment names it or the next one. When the stack is
 * deleted, or the key belongs to it no more, it is gone after the longest window that KMS has: until then the deletion can be
 * cancelled. A change that would replace the key leaves the old one alone, since running members trust it.
 */
function createKey(scope: Stack, cluster: string, generation: number): Key {
  const suffix = generation === 1 ? '' : String(generation);
  const key = new Key(scope, `CertificateAuthorityKey${suffix}`, {
    keySpec: KeySpec.ECC_NIST_P256,
    keyUsage: KeyUsage.SIGN_VERIFY,
    description: `Certificate authority of the etcd cluster ${cluster}${suffix && `, generation ${suffix}`}`,
    alias: `etcd-${cluster}-certificate-authority${suffix && `-${suffix}`}`,
    removalPolicy: RemovalPolicy.DESTROY,
    pendingWindow: Duration.days(30),
    policy: new PolicyDocument({ statements: [administration()] }),
  });
  const resource = key.node.defaultChild as CfnKey;
  resource.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
  return key;
}

/**
 * The account's administrators, as IAM lets them: to look at the key, change its policy, disable and delete it. Not to sign with
 * it: who wants that has to change the policy first, which CloudTrail tells.
 */
function administration(): PolicyStatement {
  return new PolicyStatement({
    sid: 'Administration',
    principals: [new AccountRootPrincipal()],
    actions: [
      ...['Describe', 'Get', 'List', 'Put', 'Update', 'Enable', 'Disable'].map((prefix) => `kms:${prefix}*`),
      ...['TagResource', 'UntagResource', 'CreateAlias', 'DeleteAlias', 'ScheduleKeyDeletion', 'CancelKeyDeletion'].map(
        (action) => `kms:${action}`,
      ),
    ],
    resources: ['*'],
  });
}

/** With the keys, on the record of this cluster and no other, and, nobody else, on what it keeps of the authority. */
function signing(keys: readonly Key[], { table, cluster }: Resources): PolicyStatement[] {
  return [
    new PolicyStatement({
      actions: ['kms:Sign', 'kms:GetPublicKey'],
      resources: keys.map(({ keyArn }) => keyArn),
    }),
    itemsOf(cluster, table, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'),
    itemsOf(authorityPartition(cluster), table, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'),
  ];
}

/** In the key's own policy, where everybody else is left out; the role's policy says the same of its side. */
function allowSigning(key: Key, { role }: LambdaFunction): void {
  const principals = [new ArnPrincipal(role?.roleArn ?? '')];
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: 'Sign',
      principals,
      actions: ['kms:Sign'],
      resources: ['*'],
      conditions: { StringEquals: { 'kms:SigningAlgorithm': 'ECDSA_SHA_256', 'kms:MessageType': 'RAW' } },
    }),
  );
  key.addToResourcePolicy(
    new PolicyStatement({ sid: 'PublicKey', principals, actions: ['kms:GetPublicKey'], resources: ['*'] }),
  );
}

/** `arn:PARTITION:sts::ACCOUNT:assumed-role/ROLE` of each region, which the ARNs of the roles' sessions begin with. */
function memberSessions({ cluster, regions, scope }: Resources): string {
  return regions
    .map((region) =>
      scope.formatArn({
        service: 'sts',
        region: '',
        resource: 'assumed-role',
        resourceName: memberRoleName(cluster, region),
      }),
    )
    .join();
}
