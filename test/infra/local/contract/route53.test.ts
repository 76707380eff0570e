/** Route 53: the same calls with an unmodified SDK client, to this home and to moto. */
import {
  type Change,
  ChangeResourceRecordSetsCommand,
  CreateHostedZoneCommand,
  DeleteHostedZoneCommand,
  GetChangeCommand,
  GetHostedZoneCommand,
  ListHostedZonesByNameCommand,
  ListHostedZonesCommand,
  ListResourceRecordSetsCommand,
  type ResourceRecordSet,
  type ResourceRecordSetRegion,
  Route53Client,
} from '@aws-sdk/client-route-53';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { errorOf, type Target, targets } from './target.ts';

jest.setTimeout(120_000);

describe.each(targets)('Route 53 of %s', (name, open) => {
  /** What AWS answers, and where moto is known to answer something else. */
  const expected = (aws: string, moto: string) => (name === 'moto' ? moto : aws);
  let target: Target;
  let client: Route53Client;
  beforeAll(async () => {
    target = await open();
    client = new Route53Client(target.client);
  });
  afterAll(() => target.close());

  async function zoneNamed(Name: string): Promise<string> {
    const VPC = { VPCId: 'vpc-0123456789abcdef0', VPCRegion: 'eu-west-1' } as const;
    const created = await client.send(
      new CreateHostedZoneCommand({
        Name,
        CallerReference: `${Name} reference`,
        VPC,
        HostedZoneConfig: { PrivateZone: true },
      }),
    );
    return created.HostedZone?.Id ?? '';
  }
  const change = (HostedZoneId: string, ...Changes: Change[]) =>
    client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId, ChangeBatch: { Changes } }));
  const set = (Action: Change['Action'], Name: string, Type: 'A' | 'SRV' | 'TXT', ...values: string[]): Change => ({
    Action,
    ResourceRecordSet: { Name, Type, TTL: 10, ResourceRecords: values.map((Value) => ({ Value })) },
  });
  const names = async (HostedZoneId: string) => {
    const { ResourceRecordSets } = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId }));
    return ResourceRecordSets?.map(({ Name, Type }) => `${Name} ${Type}`);
  };

  test('makes a zone with its SOA and NS records, and finds it by name and id', async () => {
    const Id = await zoneNamed('found.internal');
    expect(Id).toMatch(/^\/hostedzone\/Z?[A-Z0-9]+$/);
    const { HostedZone, VPCs } = await client.send(new GetHostedZoneCommand({ Id }));
    expect(HostedZone).toMatchObject({ Id, Name: 'found.internal.', ResourceRecordSetCount: 2 });
    expect(VPCs).toEqual([{ VPCId: 'vpc-0123456789abcdef0', VPCRegion: 'eu-west-1' }]);
    expect(await names(Id)).toEqual(['found.internal. NS', 'found.internal. SOA']);
    const named = await client.send(new ListHostedZonesByNameCommand({ DNSName: 'found.internal' }));
    expect(named.HostedZones?.[0]?.Id).toBe(Id);
    expect((await client.send(new ListHostedZonesCommand({}))).HostedZones?.map((zone) => zone.Id)).toContain(Id);
    expect(await errorOf(client.send(new GetHostedZoneCommand({ Id: 'Z0123456789' })))).toBe('NoSuchHostedZone');
    expect(await errorOf(names('Z0123456789'))).toBe('NoSuchHostedZone');
  });

  test('lists record sets by reversed labels and type, page by page', async () => {
    const HostedZoneId = await zoneNamed('order.internal');
    await change(
      HostedZoneId,
      set('CREATE', '_etcd._tcp.one.order.internal', 'SRV', '0 1 2379 a.one.order.internal.'),
      set('CREATE', 'a.one.order.internal', 'A', '10.0.0.1'),
      set('CREATE', 'a.one.order.internal', 'TXT', '"text with \\"quotes\\" & <signs>"'),
      set('CREATE', 'a.two.order.internal', 'A', '10.0.0.2'),
    );
    const sorted = [
      'order.internal. NS',
      'order.internal. SOA',
      '_etcd._tcp.one.order.internal. SRV',
      'a.one.order.internal. A',
      'a.one.order.internal. TXT',
      'a.two.order.internal. A',
    ];
    expect(await names(HostedZoneId)).toEqual(sorted);
    const seen: string[] = [];
    let next: { StartRecordName?: string; StartRecordType?: 'A' } | null = {};
    while (next !== null) {
      const command: ListResourceRecordSetsCommand = new ListResourceRecordSetsCommand({
        HostedZoneId,
        MaxItems: 2,
        ...next,
      });
      const page = await client.send(command);
      expect(page.MaxItems).toBe(2);
      seen.push(...(page.ResourceRecordSets ?? []).map(({ Name, Type }) => `${Name} ${Type}`));
      next = page.IsTruncated
        ? { StartRecordName: page.NextRecordName ?? '', StartRecordType: page.NextRecordType as 'A' }
        : null;
    }
    expect(seen).toEqual(sorted);
    const from = await client.send(
      new ListResourceRecordSetsCommand({
        HostedZoneId,
        StartRecordName: 'a.one.order.internal',
        StartRecordType: 'TXT',
      }),
    );
    expect(from.ResourceRecordSets?.[0]).toEqual({
      Name: 'a.one.order.internal.',
      Type: 'TXT',
      TTL: 10,
      ResourceRecords: [{ Value: '"text with \\"quotes\\" & <signs>"' }],
    });
    expect(from.ResourceRecordSets).toHaveLength(2);
  });

  test('keeps a set for each region under one name', async () => {
    const HostedZoneId = await zoneNamed('near.internal');
    const near = (Action: Change['Action'], Region: ResourceRecordSetRegion, ...values: string[]): Change => {
      const { ResourceRecordSet } = set(Action, '_etcd._tcp.near.internal.', 'SRV', ...values);
      return {
        Action,
        ResourceRecordSet: { ...ResourceRecordSet, SetIdentifier: Region, Region } as ResourceRecordSet,
      };
    };
    const [west, central] = ['eu-west-1', 'eu-central-1'] as const;
    await change(
      HostedZoneId,
      // In the order of their identifiers, which moto does not sort by.
      near('CREATE', central, '0 1 2379 b.near.internal.'),
      near('CREATE', west, '0 1 2379 a.near.internal.', '10 1 2379 b.near.internal.'),
    );
    await change(HostedZoneId, near('UPSERT', central, '0 1 2379 c.near.internal.'));
    const both = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId }));
    expect(both.ResourceRecordSets?.slice(2)).toEqual([
      {
        Name: '_etcd._tcp.near.internal.',
        Type: 'SRV',
        SetIdentifier: central,
        Region: central,
        TTL: 10,
        ResourceRecords: [{ Value: '0 1 2379 c.near.internal.' }],
      },
      expect.objectContaining({ SetIdentifier: west, Region: west }),
    ]);
    await change(HostedZoneId, near('DELETE', central, '0 1 2379 c.near.internal.'));
    const { ResourceRecordSets } = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId }));
    expect(ResourceRecordSets?.slice(2).map(({ Region }) => Region)).toEqual([west]);
  });

  test('replaces, deletes, and tells when a change is everywhere', async () => {
    const HostedZoneId = await zoneNamed('change.internal');
    await change(HostedZoneId, set('UPSERT', 'a.change.internal.', 'A', '10.0.0.1', '10.0.0.2'));
    const { ChangeInfo } = await change(HostedZoneId, set('UPSERT', 'a.change.internal.', 'A', '10.0.0.3'));
    expect((await client.send(new GetChangeCommand({ Id: ChangeInfo?.Id }))).ChangeInfo?.Status).toBe('INSYNC');
    const { ResourceRecordSets } = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId }));
    expect(ResourceRecordSets?.at(-1)?.ResourceRecords).toEqual([{ Value: '10.0.0.3' }]);
    await change(HostedZoneId, set('DELETE', 'a.change.internal.', 'A', '10.0.0.3'));
    expect(await names(HostedZoneId)).toEqual(['change.internal. NS', 'change.internal. SOA']);
  });

  test('refuses what cannot be done, and keeps a zone that has records', async () => {
    const HostedZoneId = await zoneNamed('refuse.internal');
    const mine = set('CREATE', 'a.refuse.internal.', 'A', '10.0.0.1');
    await change(HostedZoneId, mine);
    expect(await errorOf(change(HostedZoneId, mine))).toBe('InvalidChangeBatch');
    const absent = set('DELETE', 'b.refuse.internal.', 'A', '10.0.0.1');
    expect(await errorOf(change(HostedZoneId, absent))).toBe(expected('InvalidChangeBatch', 'InvalidInput'));
    const stale = set('DELETE', 'a.refuse.internal.', 'A', '10.0.0.2');
    expect(await errorOf(change(HostedZoneId, stale))).toBe(expected('InvalidChangeBatch', 'InvalidInput'));
    const elsewhere = set('CREATE', 'a.elsewhere.internal.', 'A', '10.0.0.1');
    expect(await errorOf(change(HostedZoneId, elsewhere))).toBe('InvalidChangeBatch');
    expect(await names(HostedZoneId)).toContain('a.refuse.internal. A');
    expect(await errorOf(client.send(new DeleteHostedZoneCommand({ Id: HostedZoneId })))).toBe('HostedZoneNotEmpty');
    await change(HostedZoneId, set('DELETE', 'a.refuse.internal.', 'A', '10.0.0.1'));
    await client.send(new DeleteHostedZoneCommand({ Id: HostedZoneId }));
    expect(await errorOf(client.send(new GetHostedZoneCommand({ Id: HostedZoneId })))).toBe('NoSuchHostedZone');
  });
});
