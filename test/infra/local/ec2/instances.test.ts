/** EC2's instances: pages, reboots, what is left of those that were terminated or lost. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DescribeInstancesCommand,
  paginateDescribeInstances,
  RebootInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { forgotten, type Instance } from '../../../../infra/local/ec2/instance.ts';
import { processesOf } from '../../../../infra/local/ec2/processes.ts';
import { openFolder } from '../../../../infra/local/home/folder.ts';
import { documents } from '../../../../infra/local/wire/documents.ts';
import { eventually, openSmallHome, reopen, type SmallHome } from '../autoscaling/smallHome.ts';
import { errorOf } from '../contract/target.ts';

jest.setTimeout(60_000);

let small: SmallHome;
let instance: Instance;

/** Waits until the agent of each running instance is ready. */
async function booted(count: number): Promise<readonly Instance[]> {
  const { ec2 } = small.home.services;
  const found = await eventually(() => {
    const running = ec2.instances().filter(({ state }) => state === 'running');
    return (
      running.length === count && running.every((one) => existsSync(below(one, 'run/etcd-agent/ready'))) && running
    );
  });
  return found as readonly Instance[];
}

const below = ({ instanceId }: Instance, path: string) => join(small.folder, 'instances', instanceId, path);
const starts = () => readFileSync(below(instance, 'starts'), 'utf8').trim().split('\n').length;
const rebooted = () =>
  eventually(() => {
    const now = small.home.services.ec2.instances().find(({ instanceId }) => instanceId === instance.instanceId);
    return now?.rebooting === false && existsSync(below(instance, 'run/etcd-agent/ready'));
  });

beforeEach(async () => {
  small = await openSmallHome(1);
  [instance] = (await booted(1)) as [Instance];
});
afterEach(() => small.close());

describe('a reboot', () => {
  const reboot = () => small.ec2.send(new RebootInstancesCommand({ InstanceIds: [instance.instanceId] }));

  test('ends all processes and starts the agent again, on the same disk and address', async () => {
    const child = Number(readFileSync(below(instance, 'child'), 'utf8'));
    const before = processesOf(below(instance, '')).map(({ pid }) => pid);
    expect(before).toContain(child);
    await reboot();
    await rebooted();
    const [again] = await booted(1);
    expect(again).toMatchObject({ instanceId: instance.instanceId, address: instance.address, state: 'running' });
    expect(starts()).toBe(2);
    const after = processesOf(below(instance, '')).map(({ pid }) => pid);
    expect(after.filter((pid) => before.includes(pid))).toEqual([]);
    expect(after.length).toBeGreaterThan(0);
  });

  test('goes on when the home was closed in the middle of it', async () => {
    small = await reopen(small, () => {
      const opened = openFolder(small.folder);
      documents<Instance>(opened.database, 'ec2_instances').put(instance.instanceId, { ...instance, rebooting: true });
      opened.close();
    });
    await rebooted();
    await booted(1);
  });

  test('needs an instance that runs', async () => {
    await small.home.services.ec2.terminate(instance.instanceId, 'a test');
    expect(await errorOf(reboot())).toBe('IncorrectState');
    const InstanceIds = ['i-0123456789abcdef0'];
    expect(await errorOf(small.ec2.send(new RebootInstancesCommand({ InstanceIds })))).toBe(
      'InvalidInstanceID.NotFound',
    );
  });
});

describe('a terminated instance', () => {
  test('is shown for an hour, without an address, and then not known any more', async () => {
    const { ec2 } = small.home.services;
    await ec2.terminate(instance.instanceId, 'a test');
    const described = new DescribeInstancesCommand({ InstanceIds: [instance.instanceId] });
    const { Reservations } = await small.ec2.send(described);
    expect(Reservations?.[0]?.Instances?.[0]).toMatchObject({ State: { Name: 'terminated' } });
    expect(Reservations?.[0]?.Instances?.[0]).not.toHaveProperty('PrivateIpAddress');
    const table = documents<Instance>(small.home.context.database, 'ec2_instances');
    const gone = table.get(instance.instanceId) as Instance;
    table.put(instance.instanceId, { ...gone, terminatedAt: new Date(Date.now() - 3_600_000).toISOString() });
    expect(await errorOf(small.ec2.send(described))).toBe('InvalidInstanceID.NotFound');
    expect(ec2.instances().map(({ instanceId }) => instanceId)).not.toContain(instance.instanceId);
  });

  test('is forgotten an hour after its termination, not before', () => {
    const terminatedAt = '2026-01-01T00:00:00.000Z';
    const at = Date.parse(terminatedAt);
    expect(forgotten({ ...instance, terminatedAt }, at + 3_599_999)).toBe(false);
    expect(forgotten({ ...instance, terminatedAt }, at + 3_600_000)).toBe(true);
    expect(forgotten(instance, at + 3_600_000)).toBe(false);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['terminated', () => small.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instance.instanceId] }))],
    ['lost', () => small.home.services.ec2.lose(instance.instanceId)],
  ])('that was %s leaves no process and no disk', async (_how, end) => {
    await end();
    await eventually(() => small.home.services.ec2.instances()[0]?.state === 'terminated');
    expect(processesOf(below(instance, ''))).toEqual([]);
    expect(existsSync(below(instance, ''))).toBe(false);
    await booted(1);
  });
});

describe('DescribeInstances', () => {
  test('answers page by page, oldest first', async () => {
    small.home.services.autoscaling.updateGroup('members', { desiredCapacity: 6 });
    const all = await eventually(() => {
      const instances = small.home.services.ec2.instances();
      return instances.length === 6 && instances;
    });
    const pages: unknown[][] = [];
    for await (const page of paginateDescribeInstances({ client: small.ec2, pageSize: 5 }, {}))
      pages.push((page.Reservations ?? []).map(({ Instances }) => Instances?.[0]?.InstanceId));
    expect(pages.map(({ length }) => length)).toEqual([5, 1]);
    expect(pages.flat()).toEqual((all as readonly Instance[]).map(({ instanceId }) => instanceId));
  });

  test('refuses pages that cannot be', async () => {
    const describe = (input: object) => errorOf(small.ec2.send(new DescribeInstancesCommand(input)));
    expect(await describe({ MaxResults: 4 })).toBe('InvalidParameterValue');
    expect(await describe({ MaxResults: 5, InstanceIds: [instance.instanceId] })).toBe('InvalidParameterCombination');
    expect(await describe({ NextToken: 'made up' })).toBe('InvalidParameterValue');
  });
});
