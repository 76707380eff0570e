/** What is synthesized for the cluster's records. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { App, CfnResource, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { PublicHostedZone } from 'aws-cdk-lib/aws-route53';
import { clusterDomain, desiredRecords } from '#etcd/dnsRecords.ts';
import { transports } from '#etcd/transport.ts';
import { recordStatements, removeRecordsOnDeletion } from '../../infra/dns.ts';
import { creationOrder } from '../../infra/local/cloudformation/order.ts';

jest.setTimeout(60_000);

interface Statement {
  readonly Action: string;
  readonly Resource: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | string[]>>>>;
}

/** Stands for the members' group: a type that needs no properties. */
const groupType = 'AWS::CloudFormation::WaitConditionHandle';
const folder = mkdtempSync(join(tmpdir(), 'etcd-appliance-infra-dns-'));
let template: { Resources: Record<string, { Type: string; Properties: Record<string, unknown> }> };
let forAgents: Statement[];
beforeAll(() => {
  writeFileSync(join(folder, 'index.mjs'), 'export const handler = () => {};');
  const stack = new Stack(new App(), 'Stack');
  const hostedZone = new PublicHostedZone(stack, 'Zone', { zoneName: 'etcd.internal' });
  const records = { cluster: 'blue', hostedZone };
  const resource = removeRecordsOnDeletion(stack, folder, records);
  const group = new CfnResource(stack, 'Group', { type: groupType });
  group.node.addDependency(resource);
  forAgents = recordStatements(records, ['CREATE', 'UPSERT', 'DELETE']).map((one) => one.toStatementJson());
  template = Template.fromStack(stack).toJSON() as typeof template;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the removal of records', () => {
  test('happens after the group is gone and before its own role, function and the zone go', () => {
    const deleted = [...creationOrder(template as never)].reverse();
    const at = (type: string) => deleted.findIndex((name) => template.Resources[name]?.Type === type);
    const removal = at('Custom::ClusterRecords');
    expect(at(groupType)).toBeLessThan(removal);
    for (const type of ['AWS::Route53::HostedZone', 'AWS::Lambda::Function', 'AWS::IAM::Policy', 'AWS::IAM::Role'])
      expect(at(type)).toBeGreaterThan(removal);
  });

  test('knows the zone by id, its name and the cluster', () => {
    const resource = Object.values(template.Resources).find(({ Type }) => Type === 'Custom::ClusterRecords');
    expect(resource?.Properties).toMatchObject({
      Cluster: 'blue',
      HostedZoneName: 'etcd.internal',
      HostedZoneId: { Ref: expect.stringMatching(/^Zone/) },
    });
  });

  test('may delete below the cluster alone, in this zone alone', () => {
    const policy = Object.values(template.Resources).find(({ Type }) => Type === 'AWS::IAM::Policy');
    const { Statement: all } = (policy?.Properties.PolicyDocument ?? {}) as { Statement: Statement[] };
    const ofRecords = all.filter(({ Action }) => String(Action).includes('RecordSets'));
    expect(ofRecords).toHaveLength(2);
    for (const { Resource } of ofRecords)
      expect(JSON.stringify(Resource)).toMatch(/:route53:::hostedzone\/.*"Ref":"Zone/);
    expect(conditionOf(all, 'StringEquals', 'ChangeResourceRecordSetsActions')).toEqual(['DELETE']);
  });
});

function conditionOf(statements: readonly Statement[], operator: string, key: string): string[] {
  const change = statements.find(({ Action }) => Action === 'route53:ChangeResourceRecordSets');
  return [change?.Condition?.[`ForAllValues:${operator}`]?.[`route53:${key}`] ?? []].flat();
}

describe('what agents may do', () => {
  test('covers every record of the cluster and no name beside', () => {
    const [pattern = '', ...more] = conditionOf(
      forAgents,
      'StringLike',
      'ChangeResourceRecordSetsNormalizedRecordNames',
    );
    const types = conditionOf(forAgents, 'StringEquals', 'ChangeResourceRecordSetsRecordTypes');
    expect(more).toEqual([]);
    const allowed = (name: string) => name.endsWith(pattern.slice(1));
    expect(pattern).toBe('*.blue.etcd.internal');
    const member = { name: 'i-0123456789abcdef0', address: '10.0.0.1', healthy: true, learner: false, region: null };
    for (const transport of transports) {
      const facts = {
        cluster: 'blue',
        zoneName: 'etcd.internal',
        ttlSeconds: 10,
        transport,
        securePort: 2379,
        members: [member],
        regions: ['eu-west-1', 'eu-central-1'],
      };
      for (const { name, type } of desiredRecords(facts)) {
        expect([name, allowed(name.slice(0, -1))]).toEqual([name, true]);
        expect(types).toContain(type);
      }
    }
    expect(allowed(clusterDomain('navy-blue', 'etcd.internal').slice(0, -1))).toBe(false);
    expect(allowed('etcd.internal')).toBe(false);
  });
});
