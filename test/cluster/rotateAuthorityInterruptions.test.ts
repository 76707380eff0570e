/**
 * RotateCertificateAuthority that is interrupted at each of its states, under load: it is gone on with, or goes on by itself, to
 * the same end. Two of them are in rotateAuthority.test.ts; all of them, and other releases of etcd, are `TESTS=all`.
 */
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { presentToEtcd } from '../../agent/machine/etcdHttp.ts';
import { exchange, type TlsIdentity } from '../../agent/machine/http.ts';
import { deployGeneration, rotateAuthority, seenMembers, startAuthorityRotation } from './authority.ts';
import { clientIdentity } from './clientIdentity.ts';
import { eventually, openTestCluster, type TestCluster } from './cluster.ts';
import { updateGroup } from './group.ts';
import { killBusyLambdas } from './lambdas.ts';
import { entered, lockOf } from './rotation.ts';
import { lostAt, startTraffic, type Traffic } from './traffic.ts';

jest.setTimeout(300_000);

const settings = { tls: true };
const nameOf = (generation: number) => `CN=etcd etcd certificate authority${generation === 1 ? '' : ` ${generation}`}`;
let cluster: TestCluster;
let app: TlsIdentity;
let traffic: Traffic;
let generation = 1;

function use(identity: TlsIdentity): void {
  app = identity;
  presentToEtcd(identity);
}

async function create(etcd: string): Promise<void> {
  generation = 1;
  cluster = await openTestCluster({ members: 3, etcd, settings });
  expect(await cluster.ended(cluster.firstExecution)).toMatchObject({ status: 'SUCCEEDED' });
  use(await clientIdentity(cluster, 'app'));
  traffic = startTraffic({ cluster, etcd });
}

async function end(etcd: string): Promise<void> {
  try {
    const result = await traffic.stop();
    expect(result.failed).toEqual([]);
    expect(result.acknowledged.length).toBeGreaterThan(100);
    for (const { address } of await cluster.members()) expect(await lostAt(address, etcd, result)).toEqual([]);
  } finally {
    presentToEtcd(null);
    await cluster.close();
  }
}

async function succeeds(input: unknown): Promise<{ readonly certificates: string }> {
  const { status, cause, output = '{}' } = await rotateAuthority(cluster, input);
  expect([status, cause]).toEqual(['SUCCEEDED', undefined]);
  return JSON.parse(output);
}

async function expectAll(trusted: readonly number[], signs: number, size = 3): Promise<void> {
  const seen = await seenMembers(cluster, app);
  expect(seen).toHaveLength(size);
  for (const member of seen)
    expect(member).toMatchObject({ healthy: true, trusted: trusted.map(nameOf).sort(), issuer: nameOf(signs) });
  expect((await lockOf(cluster))?.holder).toBeUndefined();
}

/** Another key is deployed, and clients know the authority that comes before any member shows it. */
async function nextGeneration(etcd: string): Promise<number> {
  generation++;
  await deployGeneration(cluster, { members: 3, etcd }, generation, settings);
  use({ ...app, authorities: (await succeeds({})).certificates });
  return generation;
}

interface State {
  readonly name: string;
  /** How its Lambda's role is called, for one that a task is held up in; empty: ReconfigureMembers is at work. */
  readonly task: string;
}
const states: readonly State[] = [
  { name: 'Ask for the authorities', task: 'SignCertificates' },
  { name: 'Plan the rotation', task: 'PlanAuthorityRotation' },
  { name: 'Take the operation lock', task: 'TakeLock' },
  { name: 'Trust both authorities', task: 'SignCertificates' },
  { name: 'Have every member trust both', task: '' },
  { name: 'Sign with the wanted authority', task: 'SignCertificates' },
  { name: 'Have every member show certificates of it', task: '' },
  { name: 'Trust the wanted authority alone', task: 'SignCertificates' },
  { name: 'Have every member forget the other', task: '' },
  { name: 'Release the lock', task: 'ReleaseLock' },
];
const now = { sign: 'now', drop: 'now' } as const;

/** The client gets a new certificate as soon as the wanted authority signs: begun before the execution, which drops the other. */
async function renewedClient(): Promise<void> {
  await eventually(
    'the wanted authority signs',
    async () => {
      const { authorities, ...rest } = await clientIdentity(cluster, 'app');
      const fresh = { ...rest, authorities: app.authorities };
      if ((await issuerOf(fresh)) !== nameOf(generation)) return false;
      use(fresh);
      return true;
    },
    200_000,
  );
}

async function issuerOf({ certificate }: TlsIdentity): Promise<string> {
  const { X509Certificate } = await import('node:crypto');
  return new X509Certificate(certificate).issuer;
}

async function interrupted({ name, task }: State, happens: (executionArn: string) => Promise<unknown>) {
  const { disturbances } = cluster.home.services;
  if (task !== '')
    disturbances.add({
      service: 'dynamodb',
      caller: new RegExp(`-${task}Role`),
      kind: 'delay',
      delayMs: 1_000,
      times: 1,
    });
  const executionArn = await startAuthorityRotation(cluster, now);
  await entered(cluster, executionArn, name);
  await happens(executionArn);
  return executionArn;
}

const all = process.env.TESTS === 'all' ? describe : describe.skip;

all('RotateCertificateAuthority under load', () => {
  const etcd = '3.5.35';
  beforeAll(() => create(etcd));
  afterAll(() => end(etcd));

  test.each(states.map((state) => [state.name, state] as const))(
    'that is stopped at "%s" is gone on with',
    async (_name, state) => {
      const wanted = await nextGeneration(etcd);
      const renewed = renewedClient();
      const executionArn = await interrupted(state, (executionArn) =>
        cluster.states.send(new StopExecutionCommand({ executionArn })),
      );
      await cluster.ended(executionArn);
      const { status, cause } = await rotateAuthority(cluster, now);
      await renewed;
      // A Lambda that was at work when it was stopped does its work all the same: the last one leaves nothing to do.
      const wasDone = state.name === 'Release the lock' && cause?.includes('is trusted alone already');
      if (!wasDone) expect([status, cause]).toEqual(['SUCCEEDED', undefined]);
      await expectAll([wanted], wanted);
    },
  );

  test.each(states.filter(({ task }) => task !== '').map((state) => [state.name, state] as const))(
    'whose Lambda dies at "%s" goes on by itself',
    async (_name, state) => {
      const wanted = await nextGeneration(etcd);
      const renewed = renewedClient();
      const executionArn = await interrupted(state, () => killBusyLambdas(cluster.home, 1));
      const { status, cause } = await cluster.ended(executionArn);
      await renewed;
      expect([status, cause]).toEqual(['SUCCEEDED', undefined]);
      await expectAll([wanted], wanted);
    },
  );

  test('that is abandoned lets an instance join, which is given what is trusted then, and is begun anew', async () => {
    const wanted = await nextGeneration(etcd);
    const renewed = renewedClient();
    const at = states.find(({ name }) => name === 'Have every member show certificates of it') as State;
    const executionArn = await interrupted(at, (executionArn) =>
      cluster.states.send(new StopExecutionCommand({ executionArn })),
    );
    await cluster.ended(executionArn);
    await updateGroup(cluster, { DesiredCapacity: 4 });
    await eventually('a newcomer waits', async () =>
      (await cluster.members()).some(({ status }) => status?.phase === 'joining'),
    );
    await succeeds({ action: 'abandon' });
    await eventually(
      'four healthy members',
      async () => (await cluster.members()).filter(({ status }) => status?.member?.members.length === 4).length === 4,
      120_000,
    );
    expect(await rotateAuthority(cluster, now)).toMatchObject({ status: 'SUCCEEDED' });
    await renewed;
    await expectAll([wanted], wanted, 4);
  });
});

all('RotateCertificateAuthority of another release', () => {
  test.each(['3.1.20', '3.3.27', '3.7.3'])(
    'etcd %s serves throughout, and refuses the old client in the end',
    async (etcd) => {
      await create(etcd);
      try {
        const wanted = await nextGeneration(etcd);
        await expectAll([1, 2], 1);
        await succeeds({ sign: 'now' });
        await expectAll([1, 2], 2);
        const before = app;
        use(await clientIdentity(cluster, 'app'));
        await succeeds({ drop: 'now' });
        await expectAll([wanted], wanted);
        for (const { address } of await cluster.members()) {
          const version = (tls: TlsIdentity) =>
            exchange({ method: 'GET', url: `https://${address}:2379/version`, timeoutMs: 3_000, tls });
          expect((await version(app)).status).toBe(200);
          await expect(version({ ...before })).rejects.toThrow();
        }
      } finally {
        await end(etcd);
      }
    },
  );
});
