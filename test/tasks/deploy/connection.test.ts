/** Connecting and disconnecting two regions with the tasks' own SDK clients, against the local EC2 and Route 53. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Home, openHome } from '../../../infra/local/home.ts';
import type { Pair } from '../../../tasks/deploy/connection.ts';

jest.setTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), 'etcd-appliance-connection-'));
const kept = { ...process.env };
let home: Home;
let tasks: typeof import('../../../tasks/deploy/connection.ts');
beforeAll(async () => {
  home = await openHome({ folder });
  await home.region('eu-central-1');
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: home.endpoint,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: home.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: home.credentials.secretAccessKey,
  });
  tasks = await import('../../../tasks/deploy/connection.ts');
});
afterAll(async () => {
  process.env = kept;
  await home.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('disconnecting', () => {
  /** A zone that is seen from a VPC that nobody has any more. */
  function pairWithZone(callerReference: string): Pair & { readonly hostedZoneId: string } {
    const vpcs = [
      { VPCId: 'vpc-home', VPCRegion: 'eu-west-1' as const },
      { VPCId: 'vpc-gone', VPCRegion: 'eu-central-1' as const },
    ];
    const { id } = home.services.route53.zones.create({ name: 'etcd.internal', callerReference, vpcs });
    return {
      cluster: 'etcd',
      regions: ['eu-west-1', 'eu-central-1'],
      vpcIds: ['', 'vpc-gone'],
      blocks: [['10.42.3.0/24'], ['10.43.3.0/24']],
      hostedZoneId: id,
    };
  }
  const answerWith = (code: string) =>
    home.services.disturbances.add({
      kind: 'error',
      service: 'route53',
      operation: 'DisassociateVPCFromHostedZone',
      code,
      statusCode: 400,
    });

  test('takes the zone from the VPC', async () => {
    const pair = pairWithZone('there');
    await tasks.disconnect(pair);
    const zone = home.services.route53.zones.get(pair.hostedZoneId);
    expect(zone.vpcs.map(({ VPCId }) => VPCId)).toEqual(['vpc-home']);
  });

  test('is done where Route 53 says that the VPC does not exist, though it still lists it', async () => {
    const refused = answerWith('InvalidVPCId');
    await tasks.disconnect(pairWithZone('gone'));
    expect(refused.applied).toBe(1);
    refused.remove();
  });

  test('fails where Route 53 refuses it', async () => {
    const refused = answerWith('AccessDenied');
    await expect(tasks.disconnect(pairWithZone('refused'))).rejects.toThrow(
      expect.objectContaining({ name: 'AccessDenied' }),
    );
    refused.remove();
  });
});
