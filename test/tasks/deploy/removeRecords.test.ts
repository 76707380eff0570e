/** The custom resource with its own SDK client, against the local Route 53. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { desiredRecords } from '#etcd/dnsRecords.ts';
import { type Home, openHome } from '../../../infra/local/home.ts';
import { changedRecordSets } from '../../../infra/local/route53/changes.ts';
import type { CustomResourceEvent } from '../../../tasks/deploy/respond.ts';
import { changesOf } from '../../agent/etcd/dnsZone.ts';
import { ownAddress } from '../../loopback.ts';

jest.setTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), 'etcd-appliance-remove-'));
const kept = { ...process.env };
let home: Home;
let answers: Server;
let answered: { Status: string; PhysicalResourceId: string; Reason?: string }[];
let handler: (event: CustomResourceEvent) => Promise<void>;

beforeAll(async () => {
  home = await openHome({ folder });
  answers = createServer(async (request, response) => {
    answered.push((await json(request)) as (typeof answered)[number]);
    response.end();
  });
  await new Promise<void>((resolve) => answers.listen(4578, ownAddress(4), resolve));
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: home.endpoint,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: home.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: home.credentials.secretAccessKey,
  });
  ({ handler } = await import('../../../tasks/deploy/removeRecords.ts'));
});
afterAll(async () => {
  process.env = kept;
  answers.close();
  answers.closeAllConnections();
  await home.close();
  rmSync(folder, { recursive: true, force: true });
});

let zoneId: string;
let made = 0;
const zones = () => home.services.route53.zones;
function put(records: ReturnType<typeof desiredRecords>): void {
  const zone = zones().get(zoneId);
  const changes = changesOf(records.map((recordSet) => ({ action: 'CREATE', recordSet })));
  zones().replace({ ...zone, recordSets: changedRecordSets(zone, changes) });
}
const recordsOf = (cluster: string, members = 3, regions: readonly string[] = ['eu-west-1']) =>
  desiredRecords({
    cluster,
    zoneName: 'etcd.internal',
    ttlSeconds: 10,
    transport: 'plain',
    securePort: 2379,
    members: Array.from({ length: members }, (_, index) => ({
      name: `i-${index.toString(16).padStart(8, '0')}`,
      address: `10.0.${index >> 8}.${index & 255}`,
      healthy: index < 3,
      learner: index >= 3,
      region: null,
    })),
    regions,
  });
const names = () =>
  zones()
    .get(zoneId)
    .recordSets.map(({ Name, Type }) => `${Name} ${Type}`);

beforeEach(() => {
  answered = [];
  made += 1;
  zoneId = zones().create({ name: 'etcd.internal', callerReference: `zone ${made}`, vpcs: [] }).id;
});

async function send(RequestType: CustomResourceEvent['RequestType'], more: Partial<CustomResourceEvent> = {}) {
  await handler({
    RequestType,
    RequestId: 'request',
    ResponseURL: `http://${ownAddress(4)}:4578/`,
    StackId: 'stack',
    LogicalResourceId: 'ClusterRecords',
    ResourceProperties: { HostedZoneId: zoneId, HostedZoneName: 'etcd.internal', Cluster: 'etcd' },
    ...more,
  });
  return answered.at(-1);
}

describe('when the stack is deleted', () => {
  test('the records of its cluster go, and then the zone can', async () => {
    put(recordsOf('etcd'));
    expect(await send('Delete', { PhysicalResourceId: 'as it was' })).toMatchObject({
      Status: 'SUCCESS',
      PhysicalResourceId: 'as it was',
    });
    expect(names()).toEqual(['etcd.internal. NS', 'etcd.internal. SOA']);
    expect(() => zones().delete(zoneId)).not.toThrow();
  });

  test('the records of two regions go, too', async () => {
    put(recordsOf('etcd', 3, ['eu-west-1', 'eu-central-1']));
    expect(names()).toHaveLength(11);
    expect((await send('Delete'))?.Status).toBe('SUCCESS');
    expect(names()).toEqual(['etcd.internal. NS', 'etcd.internal. SOA']);
  });

  test('more records than a batch or a page holds go too', async () => {
    const records = recordsOf('etcd', 1_300);
    put(records.slice(0, 900));
    put(records.slice(900));
    expect((await send('Delete'))?.Status).toBe('SUCCESS');
    expect(names()).toHaveLength(2);
  });

  test("another cluster's, and an operator's own, stay", async () => {
    put(recordsOf('etcd'));
    put(recordsOf('etcd-two'));
    put([{ name: 'www.etcd.etcd.internal.', type: 'A', ttlSeconds: 60, values: ['10.0.0.1'], routing: 'simple' }]);
    expect((await send('Delete'))?.Status).toBe('SUCCESS');
    expect(names().filter((name) => name.includes('.etcd-two.'))).toHaveLength(recordsOf('etcd-two').length);
    expect(names().filter((name) => name.includes('.etcd.etcd.'))).toEqual(['www.etcd.etcd.internal. A']);
  });

  test('records without the marker are nobody to remove', async () => {
    const unmarked = recordsOf('etcd').filter(({ type }) => type !== 'TXT');
    put(unmarked);
    expect((await send('Delete'))?.Status).toBe('SUCCESS');
    expect(names()).toHaveLength(2 + unmarked.length);
  });

  test('a zone that is gone is no reason to fail', async () => {
    zones().delete(zoneId);
    expect((await send('Delete'))?.Status).toBe('SUCCESS');
  });

  test('it is tried again while Route 53 wants fewer requests, and said where it refuses', async () => {
    put(recordsOf('etcd'));
    const { disturbances } = home.services;
    const denied = disturbances.add({ kind: 'error', service: 'route53', code: 'AccessDenied', statusCode: 403 });
    expect(await send('Delete')).toMatchObject({ Status: 'FAILED', Reason: expect.stringMatching(/^AccessDenied/) });
    denied.remove();
    const slow = disturbances.add({ kind: 'throttle', service: 'route53', times: 2 });
    expect((await send('Delete'))?.Status).toBe('SUCCESS');
    expect([slow.applied, names().length]).toEqual([2, 2]);
    slow.remove();
  });

  test('it starts again where an agent changed something meanwhile', async () => {
    put(recordsOf('etcd'));
    const { disturbances } = home.services;
    const raced = disturbances.add({
      kind: 'error',
      service: 'route53',
      operation: 'ChangeResourceRecordSets',
      code: 'InvalidChangeBatch',
      statusCode: 400,
      times: 1,
    });
    expect((await send('Delete'))?.Status).toBe('SUCCESS');
    expect([raced.applied, names().length]).toEqual([1, 2]);
    raced.remove();
  });
});

test('creating and updating touch nothing, and name what an update replaces', async () => {
  put(recordsOf('etcd'));
  const before = names();
  const created = await send('Create');
  expect(created).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: `${zoneId}/etcd.etcd.internal` });
  const moved = { HostedZoneId: zoneId, HostedZoneName: 'etcd.internal', Cluster: 'other' };
  const updated = await send('Update', { ResourceProperties: moved });
  expect(updated?.PhysicalResourceId).not.toBe(created?.PhysicalResourceId);
  expect(names()).toEqual(before);
});
