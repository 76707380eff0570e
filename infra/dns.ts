/** What may be done to the cluster's DNS records, by its agents while it lives and by a custom resource when it is deleted. */
import { CfnCustomResource, type Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IHostedZone } from 'aws-cdk-lib/aws-route53';
import { clusterDomain, typeOfKind } from '#etcd/dnsRecords.ts';
import { createFunction } from './tasks.ts';

export interface ClusterRecords {
  readonly cluster: string;
  readonly hostedZone: IHostedZone;
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
export function removeRecordsOnDeletion(scope: Stack, code: string, records: ClusterRecords): CfnCustomResource {
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
