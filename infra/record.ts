/** The cluster record's table. */
import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { tableName } from './names.ts';

/** Kept when the stack is deleted: without the record nobody could tell a new cluster from a lost one. */
export function createRecordTable(scope: Construct, cluster: string): Table {
  return new Table(scope, 'ClusterRecord', {
    tableName: tableName(cluster),
    partitionKey: { name: 'cluster', type: AttributeType.STRING },
    sortKey: { name: 'item', type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
    encryption: TableEncryption.AWS_MANAGED,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
}
