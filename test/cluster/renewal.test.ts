/** Certificates of minutes, renewed under an open-loop load: from etcd 3.2 on no client notices. */
import { connect } from 'node:tls';
import { expect, jest, test } from '@jest/globals';
import { factsOf } from '#etcd/minors.ts';
import type { TlsIdentity } from '../../agent/machine/http.ts';
import { startLoad } from '../../infra/local/rehearse/load.ts';
import { clientIdentity } from './clientIdentity.ts';
import { eventually, openTestCluster, type TestCluster } from './cluster.ts';
import { startedSince, startsOf } from './upgrade.ts';

jest.setTimeout(600_000);

/**
 * The signer dates them 5 minutes back, so that of 11 minutes half a minute is left until half of their life: they are renewed when
 * their agent looks next, which it does once a minute.
 */
const days = 6 / 1_440;
const renewedWithinMs = 150_000;

/** Serial number of the certificate that a member shows on its client port, to whom it asks for one. */
function shownBy(address: string, { certificate: cert, key, authorities: ca }: TlsIdentity): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 2379, cert, key, ca });
    const answer = (serial: string | null) => {
      socket.destroy();
      resolve(serial);
    };
    socket.once('error', () => answer(null));
    socket.once('secureConnect', () => answer(socket.getPeerCertificate().serialNumber));
  });
}

async function untilRenewed(cluster: TestCluster, identity: TlsIdentity): Promise<void> {
  const addresses = (await cluster.members()).map(({ address }) => address);
  const shown = () => Promise.all(addresses.map((address) => shownBy(address, identity)));
  const before = await shown();
  expect(before).not.toContain(null);
  const areNew = async () => (await shown()).every((serial, at) => serial !== null && serial !== before[at]);
  await eventually('every member shows another certificate', areNew, renewedWithinMs);
}

const cases: readonly [version: string, times: number][] =
  process.env.TESTS === 'all'
    ? [
        ['3.1.20', 1],
        ['3.2.32', 2],
        ['3.5.35', 2],
        ['3.7.3', 2],
      ]
    : [['3.5.35', 1]];

test.each(cases)('of etcd %s, %d times', async (etcd, times) => {
  const revised = (template: string) => template.replace('"CERTIFICATE_DAYS": "7"', `"CERTIFICATE_DAYS": "${days}"`);
  const cluster = await openTestCluster({ members: 3, etcd, settings: { tls: true }, revised });
  try {
    expect(await cluster.ended(cluster.firstExecution)).toMatchObject({ status: 'SUCCEEDED' });
    const identity = await clientIdentity(cluster);
    const before = await startsOf(cluster);
    const addresses = (await cluster.members()).map(({ address }) => address);
    const load = await startLoad({ target: { addresses, version: etcd, identity }, everyMs: 20 });
    for (let time = 0; time < times; time++) await untilRenewed(cluster, identity);
    const { offered, failed } = await load.stop();
    expect(offered).toBeGreaterThan(500);
    const restarts = await startedSince(cluster, before);
    if (factsOf(etcd).tls.reloads) expect([failed, restarts]).toEqual([0, [0, 0, 0]]);
    // Each member is restarted for it, and writes that it was about to take are lost with it.
    else expect([failed < offered / 20, restarts]).toEqual([true, [1, 1, 1]]);
    for (const { status } of await cluster.members()) expect(status?.health).toEqual({ verdict: 'healthy' });
  } finally {
    await cluster.close();
  }
});
