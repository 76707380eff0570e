/** What may be done to the cluster's DNS records, by its agents while it lives and by a custom resource when it is deleted. */
import { CfnCustomResource, Stack } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { HostedZone, type IHostedZone, PrivateHostedZone } from 'aws-cdk-lib/aws-route53';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { clusterDomain, typeOfKind } from '#etcd/dnsRecords.ts';
import { hostedZoneParameter } from './names.ts';
import type { Settings } from './settings.ts';
import { createFunction } from './tasks.ts';
import { acceptWildcards } from './wildcards.ts';

export interface ClusterRecords {
  readonly cluster: string;
  readonly hostedZone: Pick<IHostedZone, 'hostedZoneArn' | 'zoneName'>;
}

/** The private hosted zone of the cluster: a new one, seen in this VPC, or one that exists. */
export function createHostedZone(scope: Stack, vpc: IVpc, { hostedZone }: Settings): IHostedZone {
  const { name: zoneName, id: hostedZoneId } = hostedZone;
  if (hostedZoneId === undefined) return new PrivateHostedZone(scope, 'HostedZone', { vpc, zoneName });
  return HostedZone.fromHostedZoneAttributes(scope, 'HostedZone', { hostedZoneId, zoneName });
}

/** For the stack that connects the regions. A parameter, since an export could not change while another stack uses it. */
export function publishHostedZone(scope: Stack, cluster: string, { hostedZoneId }: IHostedZone): void {
  new StringParameter(scope, 'HostedZoneId', {
    parameterName: hostedZoneParameter(cluster),
    stringValue: hostedZoneId,
    description: `Private hosted zone of the etcd cluster ${cluster}`,
  });
}

/**
 * The same for the instances of the region that is not home. A policy of another stack on their role would keep the role from being deleted
 * (IAM: DeleteRole), so it is in their own, where the id of a zone of the cluster's own is not known.
 */
export function grantRecordsElsewhere(role: Role, cluster: string, { hostedZone }: Settings): void {
  const { name: zoneName, id = '*' } = hostedZone;
  const arn = { service: 'route53', region: '', account: '', resource: 'hostedzone', resourceName: id };
  const zone = { hostedZoneArn: Stack.of(role).formatArn(arn), zoneName };
  const statements = recordStatements({ cluster, hostedZone: zone }, ['CREATE', 'UPSERT', 'DELETE']);
  for (const statement of statements) role.addToPolicy(statement);
  acceptWildcards(role, [
    {
      resource: /^Resource::arn:<AWS::Partition>:route53:::hostedzone\/\*$/,
      reason:
        "The zone's id is not known where the other region is deployed first: all zones' records may be read, and the cluster's names alone be changed; the setting hostedZone.id leaves one zone.",
    },
  ]);
}

/**
 * Reading the hosted zone, and changing names below `CLUSTER.ZONE` of the types that the cluster has. Route 53 compares
 * names in lower case without the dot at their end (AWS: Using IAM policy conditions for fine-grained access control).
 */
export function recordStatements(
  { cluster, hostedZone }: ClusterRecords,
  actions: readonly ('CREATE' | 'UPSERT' | 'DELETE')[],
): readonly PolicyStatement[] {
  const resources = [hostedZone.hostedZoneArn];
  const names = 'route53:ChangeResourceRecordSetsNormalizedRecordNames';
  const domain = clusterDomain(cluster, hostedZone.zoneName).slice(0, -1);
  return [
    new PolicyStatement({ actions: ['route53:ListResourceRecordSets'], resources }),
    new PolicyStatement({
      actions: ['route53:ChangeResourceRecordSets'],
      resources,
      conditions: {
        // A request without names would satisfy "for all" of them.
        Null: { [names]: 'false' },
        'ForAllValues:StringLike': { [names]: [`*.${domain}`] },
        'ForAllValues:StringEquals': {
          'route53:ChangeResourceRecordSetsRecordTypes': [...new Set(Object.values(typeOfKind))].sort(),
          'route53:ChangeResourceRecordSetsActions': [...actions],
        },
      },
    }),
  ];
}

/**
 * Removes the cluster's records when the stack is deleted. CloudFormation deletes in the opposite order of dependencies: the
 * hosted zone after this, which names it; the instances before it if their group is made to depend on this, so that no
 * agent is left to make the records anew.
 * @param code folder of `deploy/removeRecords`
 */
export function removeRecordsOnDeletion(
  scope: Stack,
  code: string,
  records: ClusterRecords & { readonly hostedZone: IHostedZone },
): CfnCustomResource {
  const remove = createFunction(scope, 'RemoveRecords', {
    code,
    description: "Removes the cluster's DNS records when the stack is deleted",
    timeoutSeconds: 300,
    memoryMiB: 256,
    environment: {},
    grant: {
      statements: [
        ...recordStatements(records, ['DELETE']),
        new PolicyStatement({
          actions: ['route53:GetChange'],
          resources: [
            scope.formatArn({ service: 'route53', region: '', account: '', resource: 'change', resourceName: '*' }),
          ],
        }),
      ],
      wildcards: [
        {
          resource: /^Resource::arn:<AWS::Partition>:route53:::change\/\*$/,
          reason: 'Each change has an id of its own, which says nothing but whether it is everywhere.',
        },
      ],
    },
  });
  const resource = new CfnCustomResource(scope, 'ClusterRecords', {
    serviceToken: remove.functionArn,
    serviceTimeout: 360,
  });
  resource.addOverride('Type', 'Custom::ClusterRecords');
  resource.addPropertyOverride('HostedZoneId', records.hostedZone.hostedZoneId);
  resource.addPropertyOverride('HostedZoneName', records.hostedZone.zoneName);
  resource.addPropertyOverride('Cluster', records.cluster);
  if (remove.role) resource.node.addDependency(remove.role);
  return resource;
}
