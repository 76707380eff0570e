/** No permission of the stack is granted that nothing needs, and none is missing. */
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { synthesizedAssembly } from '../../infra/local/start/assembly.ts';
import { openTestCluster, type TestCluster } from './cluster.ts';
import { firstEtcd, scenario, deployed as settings } from './permissionScenario.ts';
import {
  callsOfMachines,
  grantsOf,
  isNeeded,
  nameOf,
  type Recording,
  recordAccess,
  withoutStatement,
} from './permissions.ts';
import { elsewhere } from './permissionsElsewhere.ts';

jest.setTimeout(240_000);

let cluster: TestCluster;
let recording: Recording;
beforeAll(async () => {
  cluster = await openTestCluster({
    members: 1,
    etcd: firstEtcd,
    tls: true,
    settings,
    opened(home) {
      recording = recordAccess(home);
    },
  });
});
afterAll(() => cluster.close());

const [[first, bootstrap], ...others] = scenario;
test(`the scenario goes through: ${first}`, () => bootstrap(cluster, recording));

describe('a deployment that takes a permission away', () => {
  const bootstrapped = async () => cluster.ended(await cluster.run({ cluster: cluster.outputs.ClusterName }));
  const deployed = () => synthesizedAssembly({ members: 1, etcdVersion: firstEtcd, tls: true, ...settings });
  afterAll(() => recording.forgetRefused());
  afterEach(async () => {
    await cluster.home.deploy(await deployed());
    expect(await bootstrapped()).toMatchObject({ status: 'SUCCEEDED' });
  });

  test.each([
    [
      'AwaitMemberHealth',
      /SendCommand.*agent-command/,
      'AccessDeniedException',
      'ssm:SendCommand',
      /arn:aws:ssm:.*:document/,
    ],
    [
      'ClusterBootstrap',
      /CheckRequest/,
      'Lambda.AWSLambdaException',
      'lambda:InvokeFunction',
      /:function:.*CheckRequest/,
    ],
  ])('from %s makes the execution fail, and it says which', async (role, about, error, action, resource) => {
    await cluster.home.deploy(withoutStatement(await deployed(), role, about, join(cluster.folder, 'assembly')));
    const end = await bootstrapped();
    expect(end).toMatchObject({ status: 'FAILED', error });
    expect(end.cause).toContain(`:assumed-role/etcd-etcd-${role}Role`);
    expect(end.cause).toContain(` is not authorized to perform: ${action} on resource: `);
    expect(end.cause).toContain(` because no identity-based policy allows the ${action} action`);
    expect(end.cause).toMatch(resource);
  });
});

test.each(others)('the scenario goes through: %s', async (_what, step) => step(cluster, recording));

test('was refused nothing, but to be told that a key is missing', () => {
  // S3 says 403 of a key that is not there, where nobody may list: the agent takes that for "not there".
  expect(recording.refused().filter((one) => !one.includes(' s3:ListBucket '))).toEqual([]);
});

test('needed every single action and resource of every statement: without it, something would have failed', () => {
  const calls = callsOfMachines(cluster.home);
  const unneeded = grantsOf(cluster.home).filter((grant) => {
    const { roleName } = grant;
    const statements = cluster.home.services.roles.statementsOf(roleName) ?? [];
    return !isNeeded(grant, statements, [...recording.needed(roleName), ...(calls.get(roleName) ?? [])]);
  });
  const odd = unneeded.filter((grant) => !elsewhere.some(({ of }) => of.test(nameOf(grant))));
  expect(odd.map(nameOf)).toEqual([]);
  // Nothing stays in the list that is not granted any more, or is needed by now.
  expect(elsewhere.filter(({ of }) => !unneeded.some((grant) => of.test(nameOf(grant))))).toEqual([]);
});
