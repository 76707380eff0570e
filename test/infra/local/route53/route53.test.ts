/** What moto does not hold ours to: AWS's words, and batches that are made whole or not at all. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Change, ResourceRecordSet, RRType } from '@aws-sdk/client-route-53';
import {
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  ListHostedZonesByNameCommand,
  ListHostedZonesCommand,
  ListTagsForResourceCommand,
  Route53Client,
} from '@aws-sdk/client-route-53';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { dns } from '../../../../infra/local/cloudformation/providers/dns.ts';
import { type Home, openHome } from '../../../../infra/local/home.ts';
import { changedRecordSets } from '../../../../infra/local/route53/changes.ts';
import type { Zone } from '../../../../infra/local/route53/zones.ts';
import { errorOf } from '../contract/target.ts';

jest.setTimeout(60_000);

const change = (Action: string, Name: string, Type: string, TTL: number, ...values: string[]): Change => ({
  Action: Action as Change['Action'],
  ResourceRecordSet: { Name, Type: Type as RRType, TTL, ResourceRecords: values.map((Value) => ({ Value })) },
});
const required = [
  change('', 'z.internal.', 'NS', 172_800, 'ns.example.org.'),
  change('', 'z.internal.', 'SOA', 900, 'ns.example.org. admin.example.org. 1 7200 900 1209600 86400'),
].map((one) => one.ResourceRecordSet ?? fail());
const fail = (): never => {
  throw new Error('not here');
};
const held = change('', 'held.z.internal.', 'A', 60, '10.0.0.1', '10.0.0.2').ResourceRecordSet ?? fail();
const zone: Zone = { id: 'Z1', name: 'z.internal.', callerReference: '', vpcs: [], recordSets: [...required, held] };

describe('a batch', () => {
  const refused = (...changes: Change[]) => refusedOf(zone, ...changes);
  const refusedOf = (before: Zone, ...changes: Change[]) => {
    try {
      changedRecordSets(before, changes);
    } catch (error) {
      return `${(error as { code: string }).code}: ${(error as Error).message}`;
    }
    return fail();
  };

  test.each([
    [
      'create',
      change('CREATE', 'Held.z.internal', 'A', 60, '10.0.0.9'),
      "Tried to create resource record set [name='held.z.internal.', type='A'] but it already exists",
    ],
    [
      'delete',
      change('DELETE', 'none.z.internal.', 'A', 60, '10.0.0.1'),
      "Tried to delete resource record set [name='none.z.internal.', type='A'] but it was not found",
    ],
    [
      'delete',
      change('DELETE', 'held.z.internal.', 'A', 60, '10.0.0.1'),
      "Tried to delete resource record set [name='held.z.internal.', type='A'] but the values provided do not match the current values",
    ],
    [
      'delete with another TTL',
      change('DELETE', 'held.z.internal.', 'A', 61, '10.0.0.1', '10.0.0.2'),
      "Tried to delete resource record set [name='held.z.internal.', type='A'] but the values provided do not match the current values",
    ],
    [
      'leave the zone',
      change('UPSERT', 'held.y.internal.', 'A', 60, '10.0.0.1'),
      'RRSet with DNS name held.y.internal. is not permitted in zone z.internal.',
    ],
    [
      'hide a name behind a CNAME',
      change('CREATE', 'held.z.internal.', 'CNAME', 60, 'other.z.internal.'),
      'RRSet of type A with DNS name held.z.internal. is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone z.internal.',
    ],
    [
      'put a CNAME at the apex',
      change('CREATE', 'z.internal.', 'CNAME', 60, 'other.z.internal.'),
      'RRSet of type CNAME with DNS name z.internal. is not permitted at apex in zone z.internal.',
    ],
    [
      'remove the SOA',
      { Action: 'DELETE', ResourceRecordSet: required[1] } as Change,
      'A HostedZone must contain exactly one SOA record.',
    ],
    [
      'remove the NS',
      { Action: 'DELETE', ResourceRecordSet: required[0] } as Change,
      'A HostedZone must contain at least one NS record for the zone itself.',
    ],
    [
      'have no address',
      change('UPSERT', 'a.z.internal.', 'A', 60, '10.0.0'),
      "Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with '10.0.0''",
    ],
    [
      'have three fields',
      change('UPSERT', 'a.z.internal.', 'SRV', 60, '0 2379 a.'),
      "Invalid Resource Record: 'FATAL problem: SRVRRDATANotFourFields (SRV record doesn't have 4 fields) encountered with '0 2379 a.''",
    ],
    [
      'have no quotation marks',
      change('UPSERT', 'a.z.internal.', 'TXT', 60, 'text'),
      "Invalid Resource Record: 'FATAL problem: InvalidCharacterString (Value should be enclosed in quotation marks) encountered with 'text''",
    ],
    [
      'say it twice',
      change('UPSERT', 'a.z.internal.', 'A', 60, '10.0.0.1', '10.0.0.1'),
      "Duplicate Resource Record: '10.0.0.1'",
    ],
  ] as const)('may not %s', (_, wrong, message) => {
    expect(refused(change('CREATE', 'fine.z.internal.', 'A', 60, '10.0.0.3'), wrong)).toBe(
      `InvalidChangeBatch: [${message}]`,
    );
  });

  test.each([
    [
      'no record set',
      change('UPSERT', 'a.z.internal.', 'A', 60),
      /^InvalidInput: Invalid request: Expected exactly one of .*Name=a.z.internal., Type=A/,
    ],
    [
      'no known action',
      change('REPLACE', 'a.z.internal.', 'A', 60, '10.0.0.1'),
      /^InvalidInput: Invalid XML ; cvc-enumeration-valid: Value 'REPLACE'/,
    ],
    [
      'a routing policy that this home does not have',
      { Action: 'CREATE', ResourceRecordSet: { ...held, SetIdentifier: 'a', Weight: 1 } } as Change,
      /^InvalidInput: .*no Weight/,
    ],
    [
      'an identifier and no policy',
      { Action: 'CREATE', ResourceRecordSet: { ...held, SetIdentifier: 'a' } } as Change,
      /^InvalidInput: Invalid request: Expected exactly one of \[Weight, Region, Failover, GeoLocation, or MultiValueAnswer\], but found none in Change with \[Action=CREATE, Name=held.z.internal., Type=A, SetIdentifier=a\]/,
    ],
    [
      'a policy and no identifier',
      { Action: 'UPSERT', ResourceRecordSet: { ...held, Region: 'eu-west-1' } } as Change,
      /^InvalidInput: Invalid request: Missing field 'SetIdentifier' in Change with \[Action=UPSERT, Name=held.z.internal., Type=A, SetIdentifier=null\]/,
    ],
    [
      'no known region',
      { Action: 'CREATE', ResourceRecordSet: { ...held, SetIdentifier: 'a', Region: 'eu-west' } } as unknown as Change,
      /^InvalidInput: Invalid XML ; cvc-enumeration-valid: Value 'eu-west'/,
    ],
  ] as const)('with %s is refused', (_, wrong, message) => expect(refused(wrong)).toMatch(message));

  test('says everything that is wrong with it', () => {
    const absent = change('DELETE', 'none.z.internal.', 'A', 60, '10.0.0.1');
    expect(refused(absent, change('CREATE', 'held.z.internal.', 'A', 60, '10.0.0.1'))).toMatch(
      /not found, Tried to create/,
    );
  });

  test('changes a record set once, unless it deletes it first', () => {
    const gone = { Action: 'DELETE', ResourceRecordSet: held } as Change;
    const fresh = change('CREATE', 'held.z.internal.', 'A', 5, '10.0.0.5');
    expect(changedRecordSets(zone, [gone, fresh])).toContainEqual(fresh.ResourceRecordSet);
    const twice = change('UPSERT', 'held.z.internal.', 'A', 5, '10.0.0.6');
    expect(refused(twice, twice)).toMatch(/invalid set of changes for a resource record set 'A held.z.internal.'/);
  });

  describe('with latency routing', () => {
    const latency = (Action: string, SetIdentifier: string, Region: string, ...values: string[]): Change => {
      const { ResourceRecordSet: set = fail() } = change(Action, 'near.z.internal.', 'A', 60, ...values);
      return {
        Action: Action as Change['Action'],
        ResourceRecordSet: { ...set, SetIdentifier, Region: Region as 'eu-west-1' },
      };
    };
    const west = latency('CREATE', 'west', 'eu-west-1', '10.0.0.1', '10.0.0.2');
    const north = latency('CREATE', 'north', 'eu-north-1', '10.0.0.2');
    const simple = change('CREATE', 'near.z.internal.', 'A', 60, '10.0.0.3');
    const near = (sets: readonly ResourceRecordSet[]) => sets.filter(({ Name }) => Name === 'near.z.internal.');
    const refusedBeside = (before: Change[], ...changes: Change[]) =>
      refusedOf({ ...zone, recordSets: changedRecordSets(zone, before) }, ...changes);

    test('keeps a set for each region, by identifier', () => {
      expect(near(changedRecordSets(zone, [west, north]))).toEqual([north, west].map((one) => one.ResourceRecordSet));
      const both = { ...zone, recordSets: changedRecordSets(zone, [west, north]) };
      const moved = latency('UPSERT', 'west', 'eu-west-2', '10.0.0.9');
      expect(near(changedRecordSets(both, [moved]))).toEqual([north, moved].map((one) => one.ResourceRecordSet));
    });

    test('goes from a simple set and back in one batch that deletes first', () => {
      const plain = { ...zone, recordSets: changedRecordSets(zone, [simple]) };
      const gone = (one: Change): Change => ({ ...one, Action: 'DELETE' });
      const routed = changedRecordSets(plain, [gone(simple), west, north]);
      expect(near(routed)).toHaveLength(2);
      const back = changedRecordSets({ ...zone, recordSets: routed }, [gone(west), gone(north), simple]);
      expect(near(back)).toEqual([simple.ResourceRecordSet]);
    });

    test.each([
      [
        'be beside a simple set',
        [simple],
        west,
        'RRSet with DNS name near.z.internal., type A, SetIdentifier west, and Region Name=eu-west-1 cannot be created because a non-latency RRSet with the same name and type already exists.',
      ],
      [
        'have a simple set beside it',
        [west],
        simple,
        'RRSet with DNS name near.z.internal., type A cannot be created as other RRSets exist with the same name and type.',
      ],
      [
        'have a region twice',
        [west],
        latency('CREATE', 'other', 'eu-west-1', '10.0.0.9'),
        'RRSet with DNS name near.z.internal., type A, SetIdentifier other, and Region Name=eu-west-1 cannot be created because a latency RRSet with the same name, type and region already exists.',
      ],
      [
        'be created twice',
        [west],
        west,
        "Tried to create resource record set [name='near.z.internal.', type='A', set-identifier='west'] but it already exists",
      ],
      [
        'be deleted by another identifier',
        [west],
        latency('DELETE', 'other', 'eu-west-1', '10.0.0.1', '10.0.0.2'),
        "Tried to delete resource record set [name='near.z.internal.', type='A', set-identifier='other'] but it was not found",
      ],
      [
        'be deleted by another region',
        [west],
        latency('DELETE', 'west', 'eu-west-2', '10.0.0.1', '10.0.0.2'),
        "Tried to delete resource record set [name='near.z.internal.', type='A', set-identifier='west'] but the values provided do not match the current values",
      ],
    ])('may not %s', (_, before, wrong, message) => {
      expect(refusedBeside(before, wrong)).toBe(`InvalidChangeBatch: [${message}]`);
    });
  });

  test('has at most 1,000 values, where an UPSERT counts twice', () => {
    const addresses = Array.from({ length: 501 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
    expect(refused(change('UPSERT', 'many.z.internal.', 'A', 60, ...addresses))).toMatch(
      /records limit of 1000 exceeded/,
    );
    expect(changedRecordSets(zone, [change('CREATE', 'many.z.internal.', 'A', 60, ...addresses)])).toHaveLength(4);
  });

  test('writes names as AWS lists them', () => {
    const [wild] = changedRecordSets(zone, [change('CREATE', '*.Wild.z.internal', 'A', 60, '10.0.0.1')]).slice(-1);
    expect(wild?.Name).toBe('\\052.wild.z.internal.');
  });
});

describe('in a home', () => {
  const folder = mkdtempSync(join(tmpdir(), 'etcd-appliance-route53-'));
  let home: Home;
  let client: Route53Client;
  beforeAll(async () => {
    home = await openHome({ folder });
    client = new Route53Client({
      endpoint: home.endpoint,
      region: 'eu-west-1',
      credentials: home.credentials,
      maxAttempts: 1,
    });
  });
  afterAll(async () => {
    await home.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const make = (logicalId: string, properties: Record<string, unknown>, type = 'AWS::Route53::HostedZone') =>
    dns(home.services.route53.zones)[type]?.create({ stackName: 'stack', logicalId, type, properties });

  test('CloudFormation makes zones and records, and cannot delete a zone that holds more', async () => {
    const VPCs = [{ VPCId: 'vpc-1', VPCRegion: 'eu-west-1' }];
    const made = await make('Zone', { Name: 'stack.internal.', VPCs, HostedZoneConfig: { Comment: 'of a stack' } });
    const HostedZoneId = made?.physicalId ?? '';
    const record = { HostedZoneId, Name: 'a.stack.internal', Type: 'A', TTL: '60', ResourceRecords: ['10.0.0.1'] };
    await make('Record', record, 'AWS::Route53::RecordSet');
    expect(home.services.route53.zones.get(HostedZoneId)).toMatchObject({ comment: 'of a stack', vpcs: VPCs });
    const providers = dns(home.services.route53.zones);
    const request = { stackName: 'stack', logicalId: '', type: '' };
    const existing = { physicalId: HostedZoneId, attributes: {}, properties: record };
    expect(() => providers['AWS::Route53::HostedZone']?.delete?.(existing, request)).toThrow(
      'The specified hosted zone contains non-required resource record sets and so cannot be deleted.',
    );
    await providers['AWS::Route53::RecordSet']?.delete?.(existing, request);
    await providers['AWS::Route53::HostedZone']?.delete?.(existing, request);
    expect(() => home.services.route53.zones.get(HostedZoneId)).toThrow('No hosted zone found');
  });

  test('a public and a private zone of one name are two, told apart by id', async () => {
    const open = (await make('Public', { Name: 'twin.internal' }))?.physicalId;
    const closed = (await make('Private', { Name: 'twin.internal', VPCs: [{ VPCId: 'vpc-1' }] }))?.physicalId;
    const { HostedZones } = await client.send(
      new ListHostedZonesByNameCommand({ DNSName: 'twin.internal', MaxItems: 2 }),
    );
    const seen = HostedZones?.map(({ Id, Config }) => [Id, Config?.PrivateZone]);
    expect(seen).toHaveLength(2);
    expect(seen).toEqual(
      expect.arrayContaining([
        [`/hostedzone/${open}`, false],
        [`/hostedzone/${closed}`, true],
      ]),
    );
    const first = await client.send(new ListHostedZonesCommand({ MaxItems: 1 }));
    const second = await client.send(new ListHostedZonesCommand({ MaxItems: 1, Marker: first.NextMarker }));
    expect([first.IsTruncated, second.HostedZones?.[0]?.Id]).toEqual([true, `/hostedzone/${first.NextMarker}`]);
  });

  test('errors reach the SDK with their names and words', async () => {
    const HostedZoneId = (await make('Errors', { Name: 'errors.internal' }))?.physicalId;
    const ChangeBatch = { Changes: [change('DELETE', 'a.errors.internal', 'A', 1, '10.0.0.1')] };
    const call = client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId, ChangeBatch }));
    await expect(call).rejects.toMatchObject({
      name: 'InvalidChangeBatch',
      message: "[Tried to delete resource record set [name='a.errors.internal.', type='A'] but it was not found]",
    });
    expect(await errorOf(client.send(new GetChangeCommand({ Id: 'C0' })))).toBe('NoSuchChange');
    const tags = new ListTagsForResourceCommand({ ResourceType: 'hostedzone', ResourceId: HostedZoneId });
    expect(await errorOf(client.send(tags))).toBe('UnknownOperationException');
  });
});
